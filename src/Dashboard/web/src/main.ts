import './style.css';
import { h, patch } from './dom';
import { Cluster } from './model';
import * as views from './views';

const cluster = new Cluster();
const $ = (id: string): HTMLElement => document.getElementById(id)!;
const tabs = { nodes: views.nodes, services: views.services, stacks: views.stacks, networks: views.networks, events: views.events };
let open: { kind: string; id: string } | null = null;
let logs: EventSource | null = null;
let opener: HTMLElement | null = null;
let due = false;

const tabNow = (): keyof typeof tabs => { const t = location.hash.slice(1); return t in tabs ? t as keyof typeof tabs : 'nodes'; };

function paint(): void {
  due = false;
  const now = tabNow(), main = $('main'), trouble = $('trouble');
  const picture = h('div', {}, tabs[now](cluster));
  if (main.dataset.tab !== now) { main.replaceChildren(...picture.childNodes); main.dataset.tab = now; } else patch(main, picture);
  for (const tab of $('tabs').children) {
    tab.setAttribute('aria-selected', String((tab as HTMLElement).dataset.tab === now));
    tab.setAttribute('tabindex', (tab as HTMLElement).dataset.tab === now ? '0' : '-1');
  }
  const living = cluster.living(), stuck = living.filter(t => t.state !== 'running').length;
  $('summary').textContent = `${cluster.nodes.size} nodes · ${cluster.services.size} services · ${living.length - stuck} running${stuck ? ` · ${stuck} not` : ''}`;
  trouble.hidden = cluster.trouble === '';
  trouble.textContent = cluster.trouble;
  if (open) {
    const box = $('drawer').firstElementChild;
    if (box) patch(box, views.drawer(cluster, open.kind, open.id));
  }
}

function soon(): void {
  if (due) return;
  due = true;
  // A hidden page gets no frames; it is painted when it is seen again.
  requestAnimationFrame(paint);
}

function connect(): void {
  const stream = new EventSource('/api/stream');
  stream.onmessage = e => { cluster.take(JSON.parse(e.data as string)); soon(); };
  stream.onerror = () => { cluster.trouble = 'connection lost; trying again…'; soon(); };
}

function show(kind: string, id: string, from: HTMLElement | null): void {
  if (!open) opener = from;
  open = { kind, id };
  logs?.close();
  const out = h('pre', { class: 'logs', tabindex: 0, 'aria-label': 'Log' });
  $('drawer').replaceChildren(views.drawer(cluster, kind, id), h('h3', {}, 'Log'), out);
  $('drawer').hidden = false;
  ($('drawer').querySelector('.close') as HTMLElement).focus();
  logs = new EventSource(`/api/logs?kind=${kind}s&id=${encodeURIComponent(id)}`);
  logs.onmessage = e => {
    const { stream, line } = JSON.parse(e.data as string) as { stream: number; line: string };
    for (const text of line.split('\n').filter(l => l !== '')) {
      const m = /^(\S+T\S+Z) (?:(\S*com\.docker\.swarm\S*) )?(.*)$/.exec(text);
      const task = m?.[2] ? cluster.tasks.get(/task\.id=(\w+)/.exec(m[2])?.[1] ?? '') : undefined;
      const bottom = out.scrollTop + out.clientHeight >= out.scrollHeight - 8;
      out.append(h('div', { class: stream === 2 ? 'err' : '' }, h('span', {}, (m ? new Date(m[1]!).toLocaleTimeString() : '') + (task && kind === 'service' ? ' ' + cluster.taskName(task) : '') + ' '), m ? m[3]! : text));
      while (out.childElementCount > 500) out.firstElementChild!.remove();
      if (bottom) out.scrollTop = out.scrollHeight;
    }
  };
  logs.onerror = () => { if (!out.childElementCount) out.textContent = 'No log.'; if (logs?.readyState === EventSource.CLOSED) logs = null; else logs?.close(); };
}

function close(): void {
  logs?.close();
  logs = null;
  open = null;
  $('drawer').hidden = true;
  opener?.focus();
}

function ask(question: string, yes: string, value: string | null, done: (value: string) => void): void {
  const dialog = $('ask') as HTMLDialogElement;
  const input = value === null ? null : h('input', { type: 'number', min: 0, max: 10000, value, 'aria-label': 'Replicas', required: true }) as HTMLInputElement;
  dialog.replaceChildren(h('form', { submit: e => { e.preventDefault(); dialog.close(); done(input?.value ?? ''); } }, h('p', { id: 'question' }, question), input,
    h('div', { class: 'actions' }, h('button', { type: 'button', click: () => dialog.close() }, 'Cancel'), h('button', { class: 'primary', type: 'submit' }, yes))));
  dialog.setAttribute('aria-labelledby', 'question');
  dialog.showModal();
  input?.select();
}

async function run(action: string, id: string, value: string): Promise<void> {
  const answer = await fetch('/api/actions', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Skep': '1' }, body: JSON.stringify({ action, id, value }) });
  const toast = $('toast');
  toast.textContent = answer.ok ? 'Done.' : await answer.text();
  toast.className = answer.ok ? 'show' : 'show bad';
  setTimeout(() => { toast.className = ''; }, 4000);
}

document.addEventListener('click', e => {
  const from = (e.target as Element).closest<HTMLElement>('[data-act]');
  if (!from) return;
  const { act = '', id = '', value = '' } = from.dataset;
  const service = cluster.services.get(id)?.name ?? id, node = cluster.nodes.get(id)?.name ?? id;
  if (act === 'task' || act === 'service') show(act, id, from);
  else if (act === 'close') close();
  else if (act === 'scale') ask(`How many replicas of ${service}?`, 'Scale', value, v => void run(act, id, v));
  else if (act === 'force') ask(`Replace every task of ${service} with a new one?`, 'Force update', null, () => void run(act, id, ''));
  else if (act === 'rollback') ask(`Return ${service} to its previous settings?`, 'Roll back', null, () => void run(act, id, ''));
  else if (act === 'availability') ask(value === 'drain' ? `Move every task away from ${node}?` : `Let ${node} take tasks again?`, value === 'drain' ? 'Drain' : 'Activate', null, () => void run(act, id, value));
});
document.addEventListener('keydown', e => { if (e.key === 'Escape' && open && !($('ask') as HTMLDialogElement).open) close(); });
document.addEventListener('visibilitychange', soon);
addEventListener('hashchange', paint);

for (const name of Object.keys(tabs)) {
  $('tabs').append(h('button', { type: 'button', role: 'tab', 'data-tab': name, 'aria-controls': 'main', click: () => { location.hash = name; } }, name[0]!.toUpperCase() + name.slice(1)));
}
$('tabs').addEventListener('keydown', e => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (!step) return;
  const all = [...$('tabs').children] as HTMLElement[], next = all[(all.findIndex(t => t.dataset.tab === tabNow()) + step + all.length) % all.length]!;
  next.click();
  next.focus();
});

const dark = matchMedia('(prefers-color-scheme: dark)');
const saved = localStorage.getItem('theme');
if (saved) document.documentElement.dataset.theme = saved;
$('theme').addEventListener('click', () => {
  const next = (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  localStorage.setItem('theme', next);
});
paint();
connect();
