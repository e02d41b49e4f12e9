import './style.css';
import { h, patch } from './dom';
import { Cluster } from './model';
import * as views from './views';

const cluster = new Cluster();
const $ = (id: string): HTMLElement => document.getElementById(id)!;
const tabs = { nodes: views.nodes, services: views.services, stacks: views.stacks, networks: views.networks, events: views.events };
type Tab = keyof typeof tabs;
const asking = $('ask') as HTMLDialogElement, filter = $('filter') as HTMLInputElement;
let open: { kind: string; id: string } | null = null;
let logs: EventSource | null = null;
let opener: string | null = null;
let due = false;
let heard = Date.now();

const tabNow = (): Tab => { const t = location.hash.slice(1); return t in tabs ? t as Tab : 'nodes'; };

function paint(): void {
  due = false;
  const now = tabNow(), main = $('main'), trouble = $('trouble');
  const picture = h('div', {}, tabs[now](cluster));
  thin(picture);
  const focused = document.activeElement instanceof HTMLElement && main.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  if (main.dataset.tab !== now) { main.replaceChildren(...picture.childNodes); main.dataset.tab = now; } else patch(main, picture);
  // What has moved to another group is another element now.
  if (focused && document.activeElement === document.body) keyed(focused)?.focus({ preventScroll: true });
  for (const tab of $('tabs').children) {
    tab.setAttribute('aria-selected', String((tab as HTMLElement).dataset.tab === now));
    tab.setAttribute('tabindex', (tab as HTMLElement).dataset.tab === now ? '0' : '-1');
  }
  const living = cluster.living(), running = living.filter(t => t.state === 'running').length, lost = [...cluster.nodes.values()].filter(n => n.state !== 'ready').length;
  const ill = [...cluster.services.values()].filter(s => cluster.isShort(s)).length;
  patch($('summary'), h('p', {}, h('span', {}, `${cluster.nodes.size} nodes`), lost ? h('b', {}, `${lost} lost`) : null, h('span', {}, `${cluster.services.size} services`), ill ? h('b', {}, `${ill} not all running`) : null,
    h('span', {}, `${running}${living.length > running ? ` of ${living.length}` : ''} tasks running`)));
  document.title = lost + ill ? `(${lost + ill}) Skep` : 'Skep';
  // An open page knows nobody who could leave.
  $('leave').hidden = cluster.readOnly;
  trouble.hidden = cluster.trouble === '';
  trouble.textContent = cluster.trouble;
  if (open) {
    const box = $('drawer').firstElementChild;
    if (box) patch(box, views.drawer(cluster, open.kind, open.id));
  }
}

const keyed = (key: string): HTMLElement | null => $('main').querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);

/** Leaves what the filter's words are in; a group stays for what is in it. */
function thin(picture: HTMLElement): void {
  const words = filter.value.toLowerCase().split(/\s+/).filter(w => w !== '');
  if (!words.length) return;
  const has = (e: Element): boolean => words.every(w => ((e.textContent ?? '') + (e.getAttribute('aria-label') ?? '')).toLowerCase().includes(w));
  for (const item of picture.querySelectorAll('.tile, .row, .events > li')) if (!has(item)) item.remove();
  for (const group of picture.querySelectorAll('section')) if (!group.querySelector('.tile, .row') && !has(group.querySelector('.head') ?? group)) group.remove();
}

function soon(): void {
  if (due) return;
  due = true;
  // A hidden page gets no frames; it is painted when it is seen again.
  requestAnimationFrame(paint);
}

function connect(): void {
  const stream = new EventSource('/api/stream');
  stream.onmessage = e => { heard = Date.now(); cluster.take(JSON.parse(e.data as string)); soon(); };
  stream.onerror = () => {
    cluster.trouble = 'Connection lost; what is shown is old. Trying again…';
    soon();
    // The browser tries again by itself, but not after an answer that is an error.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => void again(), 1000);
  };
}

async function again(): Promise<void> {
  const answer = await fetch('/app.css', { method: 'HEAD' }).catch(() => null);
  if (answer?.status === 401) { cluster.trouble = 'This page’s pass has ended. Run `skep dashboard` on a manager and open the link it prints.'; soon(); } else connect();
}

function show(kind: string, id: string, from: HTMLElement | null): void {
  if (!open) opener = from?.dataset.key ?? null;
  open = { kind, id };
  logs?.close();
  const out = h('pre', { class: 'logs', tabindex: 0, 'aria-label': 'Log' });
  $('drawer').replaceChildren(views.drawer(cluster, kind, id), h('h3', {}, 'Log'), cluster.logs ? out : h('p', { class: 'empty' }, 'Logs are not shown on a page that is open to everybody.'));
  $('drawer').hidden = false;
  ($('drawer').querySelector('.close') as HTMLElement).focus();
  logs = null;
  if (!cluster.logs) return;
  let zone = 0;
  const hues = new Map<string, number>();
  logs = new EventSource(`/api/logs?kind=${kind}s&id=${encodeURIComponent(id)}`);
  logs.onmessage = e => {
    const { stream, line } = JSON.parse(e.data as string) as { stream: number; line: string };
    for (const text of line.split('\n').filter(l => l !== '')) {
      const m = /^(\S+T\S+Z) (?:(\S*com\.docker\.swarm\S*) )?(.*)$/.exec(text);
      const task = m?.[2] ? cluster.tasks.get(/task\.id=(\w+)/.exec(m[2])?.[1] ?? '') : undefined;
      const bottom = out.scrollTop + out.clientHeight >= out.scrollHeight - 8;
      const name = task && kind === 'service' ? cluster.taskName(task) : '';
      if (name && !hues.has(name)) hues.set(name, zone++ % 6);
      out.append(h('div', { class: stream === 2 ? 'err' : '' }, h('span', {}, m ? views.clock(m[1]!) + ' ' : ''), name ? h('span', { class: `of${hues.get(name)}` }, name + ' ') : null, m ? m[3]! : text));
      while (out.childElementCount > 500) out.firstElementChild!.remove();
      if (bottom) out.scrollTop = out.scrollHeight;
    }
  };
  logs.onerror = () => { if (logs?.readyState === EventSource.CLOSED) { out.dataset.state = 'none'; logs = null; } else logs?.close(); };
}

function close(): void {
  logs?.close();
  logs = null;
  open = null;
  $('drawer').hidden = true;
  // The tile may be another element by now.
  (opener ? keyed(opener) : null)?.focus();
}

function ask(question: string, yes: string, value: string | null, done: (value: string) => void): void {
  const input = value === null ? null : h('input', { type: 'number', min: 0, max: 10000, value, 'aria-label': 'Replicas', required: true }) as HTMLInputElement;
  asking.replaceChildren(h('form', { submit: e => { e.preventDefault(); asking.close(); done(input?.value ?? ''); } }, h('p', { id: 'question' }, question), input,
    h('div', { class: 'actions' }, h('button', { type: 'button', click: () => asking.close() }, 'Cancel'), h('button', { class: 'primary', type: 'submit', autofocus: input === null }, yes))));
  asking.setAttribute('aria-labelledby', 'question');
  asking.showModal();
  input?.select();
}

function help(): void {
  const keys = [['1 – 5', 'the views'], ['Tab, Enter', 'go to a tile, open it'], ['/', 'filter'], ['t', 'dark or light'], ['Esc', 'close, or clear the filter'], ['?', 'this list']];
  asking.replaceChildren(h('h2', { id: 'question' }, 'Keys'), h('dl', {}, ...keys.flatMap(([k, what]) => [h('dt', {}, k!), h('dd', {}, what!)])),
    h('div', { class: 'actions' }, h('button', { class: 'primary', type: 'button', click: () => asking.close() }, 'Close')));
  asking.setAttribute('aria-labelledby', 'question');
  asking.showModal();
}

async function run(action: string, id: string, value: string, said: string): Promise<void> {
  const answer = await fetch('/api/actions', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Skep': '1' }, body: JSON.stringify({ action, id, value }) }).catch(() => null);
  const toast = $('toast');
  toast.textContent = !answer ? 'The dashboard does not answer.' : answer.ok ? said : await answer.text();
  toast.className = answer?.ok ? 'show' : 'show bad';
  setTimeout(() => { toast.className = ''; }, answer?.ok ? 4000 : 12000);
}

async function leave(): Promise<void> {
  const answer = await fetch('/api/logout', { method: 'POST', headers: { 'X-Skep': '1' } }).catch(() => null);
  // Whatever is shown goes with it; the server says there how to come back.
  if (answer?.ok) location.replace('/'); else { $('toast').textContent = answer ? await answer.text() : 'The dashboard does not answer.'; $('toast').className = 'show bad'; }
}

document.addEventListener('click', e => {
  const from = (e.target as Element).closest<HTMLElement>('[data-act]');
  if (!from) return;
  const { act = '', id = '', value = '' } = from.dataset;
  const service = cluster.services.get(id)?.name ?? id, node = cluster.nodes.get(id)?.name ?? id;
  if (act === 'task' || act === 'service') show(act, id, from);
  else if (act === 'close') close();
  else if (act === 'scale') ask(`How many replicas of ${service}?`, 'Scale', value, v => void run(act, id, v, `${service}: ${v} replicas wanted.`));
  else if (act === 'force') ask(`Replace every task of ${service} with a new one?`, 'Force update', null, () => void run(act, id, '', `${service} is being updated.`));
  else if (act === 'rollback') ask(`Return ${service} to its previous settings?`, 'Roll back', null, () => void run(act, id, '', `${service} is being rolled back.`));
  else if (act === 'availability') ask(value === 'drain' ? `Move every task away from ${node}?` : `Let ${node} take tasks again?`, value === 'drain' ? 'Drain' : 'Activate', null, () => void run(act, id, value, `${node}: ${value}.`));
});

const go = (name: string): void => { if (open) close(); location.hash = name; };
document.addEventListener('keydown', e => {
  if (asking.open || e.ctrlKey || e.altKey || e.metaKey) return;
  const typing = e.target === filter;
  if (e.key === 'Escape') {
    if (typing || (!open && filter.value)) { filter.value = ''; filter.blur(); soon(); } else if (open) close();
  } else if (typing) return;
  else if (e.key === '/') { e.preventDefault(); filter.focus(); }
  else if (e.key === '?') help();
  else if (e.key === 't') $('theme').click();
  else if (/^[1-5]$/.test(e.key)) go(Object.keys(tabs)[Number(e.key) - 1]!);
});
filter.addEventListener('input', soon);
document.addEventListener('visibilitychange', soon);
addEventListener('hashchange', paint);

for (const name of Object.keys(tabs)) {
  $('tabs').append(h('button', { type: 'button', role: 'tab', 'data-tab': name, 'aria-controls': 'main', click: () => go(name) }, name[0]!.toUpperCase() + name.slice(1)));
}
$('tabs').addEventListener('keydown', e => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (!step) return;
  const all = [...$('tabs').children] as HTMLElement[], next = all[(all.findIndex(t => t.dataset.tab === tabNow()) + step + all.length) % all.length]!;
  next.click();
  next.focus();
});

$('leave').addEventListener('click', () => void leave());

const dark = matchMedia('(prefers-color-scheme: dark)');
const saved = localStorage.getItem('theme');
if (saved) document.documentElement.dataset.theme = saved;
$('theme').addEventListener('click', () => {
  const next = (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  localStorage.setItem('theme', next);
});
// The server says something every few seconds; silence is a lost connection that nobody has told of. Times that are told grow older, too.
setInterval(() => { if (cluster.trouble === '' && Date.now() - heard > 15000) cluster.trouble = 'Nothing heard for 15 seconds; what is shown may be old.'; soon(); }, 5000);
paint();
connect();
