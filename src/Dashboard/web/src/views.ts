import { h, chart } from './dom';
import { Cluster, Service, Task, tone, why } from './model';

// Actions are delegated: elements carry data-act, so a picture can be compared with the one before.
const act = (name: string, id: string, label: string, value = '', more: Record<string, string> = {}): HTMLElement =>
  h('button', { type: 'button', 'data-act': name, 'data-id': id, 'data-value': value, ...more }, label);
const badge = (text: string | undefined, kind = ''): HTMLElement | null => text ? h('span', { class: 'badge ' + kind }, text) : null;
const image = (name = ''): string => name.replace(/@sha256:.*/, '').replace(/:latest$/, '');
const cores = (n: number): string => n < 1 ? `${Math.round(n * 1000)} m` : `${n.toFixed(2)} cores`;
export const bytes = (n: number): string => n > 1 << 30 ? `${(n / (1 << 30)).toFixed(1)} GiB` : `${Math.round(n / (1 << 20))} MiB`;
export const short = (id: string): string => id.slice(0, 12);

function tile(c: Cluster, t: Task): HTMLElement {
  const name = c.taskName(t), state = t.state ?? 'new', reason = why(t);
  return h('button', {
    type: 'button', class: 'tile ' + tone(t), 'data-key': t.id, 'data-act': 'task', 'data-id': t.id, 'data-state': state,
    'aria-label': `${name}, ${state}${reason ? ': ' + reason : ''}`,
  }, h('span', { class: 'name' }, name), h('span', { class: 'state' }, state), reason ? h('span', { class: 'why' }, reason) : null);
}

function usageOf(c: Cluster, id: string): HTMLElement | null {
  const points = c.usage.filter(p => p.of[id]).map(p => p.of[id]!);
  return points.length < 2 ? null : h('div', { class: 'charts' },
    chart(points.map(p => p[0]), 'CPU', cores), chart(points.map(p => p[1]), 'Memory', bytes));
}

export function nodes(c: Cluster): HTMLElement {
  const living = c.living(), board = h('div', { class: 'board' });
  const homeless = living.filter(t => !t.node || !c.nodes.has(t.node));
  if (homeless.length) {
    board.append(h('section', { class: 'node waiting', 'data-key': 'waiting', 'aria-label': 'Tasks without a node' },
      h('div', { class: 'head' }, h('h2', {}, 'Waiting for a node'), badge(String(homeless.length), 'wait')),
      h('div', { class: 'tiles' }, ...homeless.map(t => tile(c, t)))));
  }
  for (const n of [...c.nodes.values()].sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''))) {
    const tasks = living.filter(t => t.node === n.id);
    const next = n.availability === 'active' ? ['drain', 'Drain'] : ['active', 'Activate'];
    board.append(h('section', { class: 'node', 'data-key': n.id, 'aria-label': `Node ${n.name}` },
      h('div', { class: 'head' },
        h('h2', {}, n.name ?? short(n.id)),
        badge(n.state, n.state === 'ready' ? 'good' : 'bad'),
        n.leader ? badge('leader', 'accent') : badge(n.role),
        n.availability !== 'active' ? badge(n.availability, 'wait') : null,
        c.readOnly ? null : act('availability', n.id, next[1]!, next[0], { 'aria-label': `${next[1]} ${n.name}` })),
      h('p', { class: 'facts' }, [n.addr, n.cpus ? `${n.cpus / 1e9} CPU` : '', n.memory ? bytes(n.memory) : '', `${tasks.length} task${tasks.length === 1 ? '' : 's'}`].filter(Boolean).join(' · '), n.message ? ` · ${n.message}` : ''),
      usageOf(c, n.id),
      h('div', { class: 'tiles' }, ...tasks.map(t => tile(c, t)))));
  }
  return h('div', {}, c.nodes.size ? board : h('p', { class: 'empty' }, 'No nodes yet.'));
}

function serviceRow(c: Cluster, s: Service): HTMLElement {
  const running = c.running(s.id), wanted = c.wanted(s), reasons = c.reasons(s.id), update = s.update?.State;
  return h('button', { type: 'button', class: 'row', 'data-key': s.id, 'data-act': 'service', 'data-id': s.id, 'aria-label': `${s.name}, ${running} of ${wanted} running` },
    h('span', { class: 'lead' }, h('b', {}, s.name ?? short(s.id)), h('small', {}, image(s.image))),
    h('span', { class: 'meter' }, h('progress', { max: Math.max(wanted, 1), value: Math.min(running, wanted), class: running < wanted ? 'wait' : 'good' }), h('span', { class: 'count' }, `${running}/${wanted}`)),
    h('span', { class: 'tags' }, badge(s.mode !== 'Replicated' ? s.mode?.toLowerCase() : undefined), update && update !== 'completed' ? badge(update.replaceAll('_', ' '), update.includes('paused') ? 'bad' : 'wait') : null,
      ...(s.ports ?? []).filter(p => p.PublishedPort).map(p => badge(`${p.PublishedPort}→${p.TargetPort}`))),
    reasons.length ? h('span', { class: 'why' }, reasons[0]!) : null);
}

const byName = <T extends { name?: string }>(all: Iterable<T>): T[] => [...all].sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));

export function services(c: Cluster): HTMLElement {
  return h('div', { class: 'list' }, ...byName(c.services.values()).map(s => serviceRow(c, s)), c.services.size ? null : h('p', { class: 'empty' }, 'No services yet.'));
}

export function stacks(c: Cluster): HTMLElement {
  const names = [...new Set([...c.services.values()].map(s => s.stack).filter((s): s is string => !!s))].sort();
  return h('div', {}, ...names.map(name => h('section', { class: 'group', 'data-key': name }, h('h2', {}, name),
    h('div', { class: 'list' }, ...byName(c.services.values()).filter(s => s.stack === name).map(s => serviceRow(c, s))))),
  names.length ? null : h('p', { class: 'empty' }, 'No stacks yet: skep stack deploy -c compose.yml NAME'));
}

export function networks(c: Cluster): HTMLElement {
  return h('div', { class: 'list' }, ...byName(c.networks.values()).map(n => h('div', { class: 'row', 'data-key': n.id },
    h('span', { class: 'lead' }, h('b', {}, n.name ?? ''), h('small', {}, (n.subnets ?? []).map(s => s.Subnet).join(', '))),
    h('span', { class: 'tags' }, badge(n.driver), badge(n.scope), n.ingress ? badge('ingress') : null, n.internal ? badge('internal') : null),
    h('span', { class: 'why quiet' }, byName(c.services.values()).filter(s => s.networks?.some(t => t.Target === n.id || t.Target === n.name)).map(s => s.name).join(', ')))));
}

export function events(c: Cluster): HTMLElement {
  return h('ol', { class: 'list events' }, ...[...c.events].reverse().map((e, i) => h('li', { class: 'row', 'data-key': `${e.time}.${e.id}.${e.action}.${c.events.length - i}` },
    h('time', {}, e.time ? new Date(e.time / 1e6).toLocaleTimeString() : ''), badge(e.type), h('span', {}, `${e.action} `, h('b', {}, e.name ?? short(e.id ?? ''))),
    h('small', {}, Object.entries(e.more ?? {}).map(([k, v]) => `${k} ${v}`).join(' · ')))),
  c.events.length ? null : h('p', { class: 'empty' }, 'Nothing has happened since this page was opened.'));
}

export function drawer(c: Cluster, kind: string, id: string): HTMLElement {
  const close = act('close', '', '✕', '', { 'aria-label': 'Close details', class: 'close' });
  if (kind === 'service') {
    const s = c.services.get(id);
    if (!s) return h('div', {}, close, h('p', {}, 'This service is gone.'));
    const reasons = c.reasons(id);
    return h('div', {}, h('div', { class: 'head' }, h('h2', {}, s.name ?? ''), close),
      h('p', { class: 'facts' }, `${image(s.image)} · ${c.running(id)} of ${c.wanted(s)} running`, s.constraints?.length ? ` · ${s.constraints.join(', ')}` : ''),
      s.update?.State ? h('p', { class: 'facts' }, `Update ${s.update.State.replaceAll('_', ' ')}${s.update.Message ? ': ' + s.update.Message : ''}`) : null,
      reasons.length ? h('div', { class: 'reason', role: 'note' }, h('b', {}, 'Why it is not all running'), ...reasons.map(r => h('p', {}, r))) : null,
      c.readOnly ? null : h('div', { class: 'actions' }, s.replicas !== undefined ? act('scale', id, 'Scale…', String(s.replicas)) : null, act('force', id, 'Force update'), s.previous ? act('rollback', id, 'Roll back') : null),
      usageOf(c, id), h('div', { class: 'tiles' }, ...c.of(id).map(t => tile(c, t))));
  }
  const t = c.tasks.get(id);
  if (!t) return h('div', {}, close, h('p', {}, 'This task is gone.'));
  return h('div', {}, h('div', { class: 'head' }, h('h2', {}, c.taskName(t)), badge(t.state, tone(t)), close),
    h('p', { class: 'facts' }, `${image(t.image)} · ${c.nodes.get(t.node ?? '')?.name ?? 'no node yet'} · wanted ${t.desired} · since ${t.since ? new Date(t.since).toLocaleTimeString() : '?'} · ${short(t.id)}`),
    why(t) || t.state !== 'running' ? h('div', { class: 'reason', role: 'note' }, h('b', {}, 'Why it does not run'), h('p', {}, why(t) || t.message || t.state || '')) : null,
    h('div', { class: 'actions' }, act('service', t.service ?? '', 'Its service')), usageOf(c, id));
}
