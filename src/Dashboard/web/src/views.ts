import { h, chart } from './dom';
import { byName, Cluster, isJob, Service, Task, tone } from './model';

// Actions are delegated: elements carry data-act, so a picture can be compared with the one before.
const act = (name: string, id: string, label: string, value = '', more: Record<string, string> = {}): HTMLElement =>
  h('button', { type: 'button', 'data-act': name, 'data-id': id, 'data-value': value, ...more }, label);
const badge = (text: string | undefined, kind = ''): HTMLElement | null => text ? h('span', { class: 'badge ' + kind }, text) : null;
const image = (name = ''): string => name.replace(/@sha256:.*/, '').replace(/:latest$/, '');
const percent = (n: number): string => `${n < 0.0995 ? (n * 100).toFixed(1) : Math.round(n * 100)} %`;
const facts = (...all: (string | undefined | false)[]): HTMLElement => h('p', { class: 'facts' }, ...all.filter(Boolean).map(f => h('span', {}, f as string)));
export const bytes = (n: number): string => n > 1 << 30 ? `${(n / (1 << 30)).toFixed(1)} GiB` : `${Math.round(n / (1 << 20))} MiB`;
export const short = (id: string): string => id.slice(0, 12);
export const clock = (at: string | number): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

function ago(at: string | undefined): string {
  const s = at ? Math.max(0, (Date.now() - Date.parse(at)) / 1000) : NaN;
  return Number.isNaN(s) ? '' : s < 60 ? 'for seconds' : s < 5400 ? `for ${Math.round(s / 60)} min` : s < 129600 ? `for ${Math.round(s / 3600)} h` : `for ${Math.round(s / 86400)} days`;
}

function tile(c: Cluster, t: Task, place = false): HTMLElement {
  const name = c.taskName(t), state = t.state ?? 'new', reason = c.reason(t);
  return h('button', {
    type: 'button', class: 'tile ' + tone(t), 'data-key': t.id, 'data-act': 'task', 'data-id': t.id, 'data-state': state,
    'aria-label': `${name}, ${state}${reason ? ': ' + reason : ''}`,
  }, h('span', { class: 'name' }, name), h('span', { class: 'state' }, place && t.slot && c.nodeName(t) ? `${state} on ${c.nodeName(t)}` : state), reason ? h('span', { class: 'why' }, reason) : null);
}

function usageOf(c: Cluster, id: string): HTMLElement | null {
  const points = c.usage.filter(p => p.of[id]).map(p => p.of[id]!);
  return points.length < 3 ? null : h('div', { class: 'charts' },
    chart(points.map(p => p[0]), 'CPU', percent, 0.02), chart(points.map(p => p[1]), 'Memory', bytes, 1 << 20));
}

const verb = (s: Service): string => isJob(s) ? 'complete' : 'running';
const tilesOf = (c: Cluster, tasks: Task[]): HTMLElement => h('div', { class: tasks.length > 16 ? 'tiles dense' : 'tiles' }, ...tasks.map(t => tile(c, t)));

export function nodes(c: Cluster): HTMLElement {
  const board = h('div', { class: 'board' }), homeless = c.on('');
  if (homeless.length) {
    board.append(h('section', { class: 'node waiting', 'data-key': 'waiting', 'aria-label': 'Tasks without a node' },
      h('div', { class: 'head' }, h('h2', {}, 'Waiting for a node'), badge(String(homeless.length), 'wait')),
      facts('no node takes these tasks now'), tilesOf(c, homeless)));
  }
  for (const n of byName(c.nodes.values())) {
    const tasks = c.on(n.id), next = n.availability === 'active' ? ['drain', 'Drain'] : ['active', 'Activate'];
    board.append(h('section', { class: 'node' + (n.state === 'ready' ? '' : ' lost'), 'data-key': n.id, 'aria-label': `Node ${n.name}` },
      h('div', { class: 'head' },
        h('h2', {}, n.name ?? short(n.id)),
        badge(n.state, n.state === 'ready' ? 'good' : 'bad'),
        n.leader ? badge('leader', 'accent') : badge(n.role),
        n.availability !== 'active' ? badge(n.availability, 'wait') : null,
        n.reachability === 'unreachable' ? badge('unreachable', 'bad') : null,
        c.readOnly ? null : act('availability', n.id, next[1]!, next[0], { 'aria-label': `${next[1]} ${n.name}` })),
      facts(n.addr, n.cpus ? `${n.cpus / 1e9} CPU` : '', n.memory ? bytes(n.memory) : '', `${tasks.length} task${tasks.length === 1 ? '' : 's'}`,
        ...Object.entries(n.labels ?? {}).map(([k, v]) => v ? `${k}=${v}` : k)),
      n.message ? h('p', { class: 'why' }, n.message) : null,
      usageOf(c, n.id), tasks.length ? tilesOf(c, tasks) : h('p', { class: 'idle' }, n.availability === 'drain' ? 'drained: takes no tasks' : 'no tasks')));
  }
  return h('div', {}, c.nodes.size ? board : h('p', { class: 'empty' }, 'No nodes yet.'));
}

function updateOf(c: Cluster, s: Service): HTMLElement | null {
  const done = c.renewed(s), wanted = c.wanted(s);
  if (done === null) return null;
  const stopped = s.update!.State!.includes('paused'), back = s.update!.State!.startsWith('rollback');
  return h('div', { class: 'update' + (stopped ? ' bad' : ''), role: 'note' },
    h('span', {}, `${back ? 'Rollback' : 'Update'}${stopped ? ' paused' : ''}: ${done} of ${wanted} ${back ? 'back' : 'new'}`),
    h('progress', { max: Math.max(wanted, 1), value: Math.min(done, wanted), class: 'accent', 'aria-label': 'Update progress' }));
}

function pips(c: Cluster, s: Service): HTMLElement {
  const tasks = c.of(s.id), empty = isJob(s) ? 0 : Math.max(0, Math.min(60, c.wanted(s)) - tasks.length);
  return h('span', { class: 'pips', 'aria-hidden': 'true' }, ...tasks.slice(0, 60).map(t => h('i', { class: tone(t), 'data-key': t.id })), ...Array.from({ length: empty }, (_, i) => h('i', { 'data-key': `empty${i}` })));
}

function serviceRow(c: Cluster, s: Service): HTMLElement {
  const running = c.done(s), wanted = c.wanted(s), reasons = c.reasons(s.id), update = s.update?.State ?? '', isShort = c.isShort(s), isBad = isShort && (running === 0 || reasons.length > 0);
  const places = new Map<string, number>();
  for (const t of c.of(s.id)) if (c.nodeName(t)) places.set(c.nodeName(t), (places.get(c.nodeName(t)) ?? 0) + 1);
  return h('button', { type: 'button', class: 'row' + (isBad ? ' bad' : isShort ? ' wait' : ''), 'data-key': s.id, 'data-act': 'service', 'data-id': s.id, 'aria-label': `${s.name}, ${running} of ${wanted} ${verb(s)}` },
    h('span', { class: 'lead' }, h('b', {}, s.name ?? short(s.id)), h('small', {}, image(s.image))),
    h('span', { class: 'meter' }, h('span', { class: 'count' }, `${running}/${wanted}`), pips(c, s)),
    h('span', { class: 'tags' }, badge(s.mode !== 'Replicated' ? s.mode?.replace('Job', ' job').toLowerCase() : undefined),
      c.renewed(s) === null && /rollback/.test(update) ? badge('rolled back', 'bad') : null,
      ...(s.ports ?? []).filter(p => p.PublishedPort).map(p => badge(`${p.PublishedPort}→${p.TargetPort}`)),
      places.size ? h('small', {}, [...places].sort().map(([n, k]) => places.size < 8 ? `${n} ×${k}` : n).slice(0, 12).join('  ')) : null),
    updateOf(c, s),
    reasons.length ? h('span', { class: 'why' }, reasons[0]!) : null);
}

export function services(c: Cluster): HTMLElement {
  const all = byName(c.services.values()), ill = all.filter(s => c.isShort(s)), changing = all.filter(s => !c.isShort(s) && c.renewed(s) !== null), well = all.filter(s => !ill.includes(s) && !changing.includes(s));
  const group = (name: string, of: Service[]): HTMLElement | null => of.length ? h('section', { 'data-key': name, 'aria-label': name }, of.length < all.length ? h('h3', {}, name) : null, h('div', { class: 'list' }, ...of.map(s => serviceRow(c, s)))) : null;
  return h('div', {}, group('Not all running', ill), group('Being updated', changing), group('All running', well), all.length ? null : h('p', { class: 'empty' }, 'No services yet.'));
}

export function stacks(c: Cluster): HTMLElement {
  const names = [...new Set([...c.services.values()].map(s => s.stack).filter((s): s is string => !!s))].sort();
  return h('div', {}, ...names.map(name => {
    const all = byName(c.services.values()).filter(s => s.stack === name), ill = all.filter(s => c.isShort(s)).length;
    return h('section', { class: 'group', 'data-key': name, 'aria-label': `Stack ${name}` },
      h('div', { class: 'head' }, h('h2', {}, name), ill ? badge(`${ill} of ${all.length} services not all running`, 'bad') : badge('all running', 'good')),
      facts(...byName(c.networks.values()).filter(n => n.stack === name).map(n => `network ${n.name}`)),
      h('div', { class: 'list' }, ...all.map(s => serviceRow(c, s))));
  }),
  names.length ? null : h('p', { class: 'empty' }, 'No stacks yet: skep stack deploy -c compose.yml NAME'));
}

export function networks(c: Cluster): HTMLElement {
  return h('div', { class: 'list' }, ...byName(c.networks.values()).map(n => h('div', { class: 'row', 'data-key': n.id },
    h('span', { class: 'lead' }, h('b', {}, n.name ?? ''), h('small', {}, (n.subnets ?? []).map(s => s.Subnet).join(', '))),
    h('span', { class: 'tags' }, badge(n.driver), badge(n.scope), n.ingress ? badge('ingress') : null, n.internal ? badge('internal') : null),
    h('span', { class: 'users' }, byName(c.services.values()).filter(s => s.networks?.some(t => t.Target === n.id || t.Target === n.name)).map(s => s.name).join(', ')))));
}

export function events(c: Cluster): HTMLElement {
  const named = (name: string): string => name.replace(/\.[a-z0-9]{25}$/, '');
  return h('ol', { class: 'events' }, ...c.events.map(e => h('li', { 'data-key': `${e.time}.${e.id}.${e.action}` },
    h('time', {}, e.time ? clock(e.time / 1e6) : ''), h('span', {}, badge(e.type)), h('span', {}, `${e.action} `, h('b', {}, e.name ? named(e.name) : short(e.id ?? ''))),
    h('small', {}, Object.entries(e.more ?? {}).map(([k, v]) => `${k} ${v}`).join(' · ')))).reverse(),
  c.events.length ? null : h('p', { class: 'empty' }, 'No events yet.'));
}

export function drawer(c: Cluster, kind: string, id: string): HTMLElement {
  const close = act('close', '', '✕', '', { 'aria-label': 'Close details', class: 'close' });
  if (kind === 'service') {
    const s = c.services.get(id);
    if (!s) return h('div', {}, h('div', { class: 'head' }, h('h2', {}, 'Gone'), close), h('p', {}, 'This service was removed.'));
    const reasons = c.reasons(id), tasks = c.of(id), old = c.failures(id).filter(t => !tasks.includes(t)).slice(0, 5);
    return h('div', {}, h('div', { class: 'head' }, h('h2', {}, s.name ?? ''), badge(`${c.done(s)} of ${c.wanted(s)} ${verb(s)}`, c.isShort(s) ? 'bad' : 'good'), close),
      facts(image(s.image), isJob(s) ? 'job' : '', s.stack && `stack ${s.stack}`, ...(s.constraints ?? []), ...(s.ports ?? []).filter(p => p.PublishedPort).map(p => `port ${p.PublishedPort}→${p.TargetPort}`)),
      reasons.length ? h('div', { class: 'reason', role: 'note' }, h('b', {}, 'Why it is not all running'), ...reasons.map(r => h('p', {}, r))) : null,
      updateOf(c, s),
      s.update?.State && s.update.State !== 'updating' ? facts(`last update ${s.update.State.replaceAll('_', ' ')}`, s.update.State === 'completed' ? '' : s.update.Message) : null,
      c.readOnly ? null : h('div', { class: 'actions' }, s.replicas !== undefined ? act('scale', id, 'Scale…', String(s.replicas)) : null, act('force', id, 'Force update'), s.previous ? act('rollback', id, 'Roll back') : null),
      usageOf(c, id), h('div', { class: 'tiles' }, ...tasks.map(t => tile(c, t, true))),
      old.length ? h('details', {}, h('summary', {}, `Failed before: ${c.failures(id).length}`), h('div', { class: 'tiles' }, ...old.map(t => tile(c, t, true)))) : null);
  }
  const t = c.tasks.get(id);
  const needed = (t: Task): HTMLElement | null => { const wants = c.services.get(t.service ?? '')?.constraints ?? []; return t.state === 'pending' && wants.length ? h('p', {}, `The service wants ${wants.join(' and ')}.`) : null; };
  if (!t) return h('div', {}, h('div', { class: 'head' }, h('h2', {}, 'Gone'), close), h('p', {}, 'This task was removed.'));
  return h('div', {}, h('div', { class: 'head' }, h('h2', {}, c.taskName(t)), badge(t.state, tone(t)), close),
    facts(image(t.image), c.nodeName(t) ? `on ${c.nodeName(t)}` : 'no node yet', `wanted ${t.desired}`, `${t.state} ${ago(t.since)}`, short(t.id)),
    t.state !== 'running' && (c.reason(t) || t.message) ? h('div', { class: 'reason ' + tone(t), role: 'note' }, h('b', {}, 'Why it does not run'), h('p', {}, c.reason(t) || t.message || ''), needed(t)) : null,
    h('div', { class: 'actions' }, act('service', t.service ?? '', 'Its service')), usageOf(c, id));
}
