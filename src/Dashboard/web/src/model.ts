// What the server tells: the Engine API's objects, cut down.
export interface Node { id: string; name?: string; role?: string; availability?: string; state?: string; message?: string; addr?: string; leader?: boolean; reachability?: string; cpus?: number; memory?: number; engine?: string; labels?: Record<string, string> }
export interface Port { Protocol?: string; TargetPort?: number; PublishedPort?: number; PublishMode?: string }
export interface Service { id: string; name?: string; stack?: string; image?: string; mode?: string; replicas?: number; completions?: number; ports?: Port[]; constraints?: string[]; networks?: { Target?: string }[]; update?: { State?: string; Message?: string }; previous?: boolean; spec?: string }
export interface Task { id: string; service?: string; node?: string; slot?: number; state?: string; desired?: string; message?: string; error?: string; since?: string; image?: string; container?: string; exit?: number; spec?: string }
export interface Network { id: string; name?: string; driver?: string; scope?: string; stack?: string; subnets?: { Subnet?: string }[]; internal?: boolean; ingress?: boolean }
export interface Told { type?: string; action?: string; id?: string; name?: string; time?: number; more?: Record<string, string> }
export interface Point { t: number; of: Record<string, [number, number]> }
interface Message {
  whole?: boolean; readOnly?: boolean; logs?: boolean; trouble?: string; events?: Told[]; usage?: Point[]; usageWhole?: boolean;
  [kind: string]: unknown;
}
interface Sorted { living: Task[]; byService: Map<string, Task[]>; byNode: Map<string, Task[]>; failed: Map<string, Task[]> }

const order = new Intl.Collator(undefined, { numeric: true }).compare;
export const byName = <T extends { name?: string }>(all: Iterable<T>): T[] => [...all].sort((a, b) => order(a.name ?? '', b.name ?? ''));

export class Cluster {
  nodes = new Map<string, Node>();
  services = new Map<string, Service>();
  tasks = new Map<string, Task>();
  networks = new Map<string, Network>();
  events: Told[] = [];
  usage: Point[] = [];
  readOnly = true;
  logs = false;
  trouble = 'connecting…';
  private kept: Sorted | null = null;

  take(message: Message): void {
    for (const kind of ['nodes', 'services', 'tasks', 'networks'] as const) {
      const map = this[kind] as Map<string, { id: string }>;
      if (message.whole) map.clear();
      for (const item of (message[kind] as { id: string }[] | undefined) ?? []) map.set(item.id, item);
      for (const id of (message[kind + 'Gone'] as string[] | undefined) ?? []) map.delete(id);
    }
    if (message.whole) this.events = [];
    if (message.readOnly !== undefined) this.readOnly = message.readOnly;
    if (message.logs !== undefined) this.logs = message.logs;
    if (message.trouble !== undefined) this.trouble = message.trouble;
    if (message.events) this.events = [...this.events, ...message.events].slice(-200);
    if (message.usage) this.usage = message.usageWhole ? message.usage : [...this.usage, ...message.usage].slice(-200);
    this.kept = null;
  }

  serviceName(task: Task): string { return this.services.get(task.service ?? '')?.name ?? (task.service ?? '?').slice(0, 8); }

  nodeName(task: Task): string { return this.nodes.get(task.node ?? '')?.name ?? ''; }

  taskName(task: Task): string { return `${this.serviceName(task)}.${task.slot || this.nodeName(task) || '?'}`; }

  /** Tasks somebody wants, or that still run. */
  living(): Task[] { return this.sorted().living; }

  of(service: string): Task[] { return this.sorted().byService.get(service) ?? []; }

  on(node: string): Task[] { return this.sorted().byNode.get(node) ?? []; }

  /** Tasks of a service that failed, the last first. */
  failures(service: string): Task[] { return this.sorted().failed.get(service) ?? []; }

  /** Running tasks; of a job those that are complete. */
  done(service: Service): number {
    return isJob(service) ? [...this.tasks.values()].filter(t => t.service === service.id && t.state === 'complete' && t.spec === service.spec).length
      : this.of(service.id).filter(t => t.state === 'running').length;
  }

  wanted(service: Service): number {
    return service.replicas ?? service.completions ?? (isJob(service) ? this.done(service) : 0) + this.of(service.id).length;
  }

  isShort(service: Service): boolean { return isJob(service) ? this.of(service.id).some(t => tone(t) === 'bad') : this.done(service) < this.wanted(service); }

  /** Tasks that already are what an update in progress wants; null: no update. */
  renewed(service: Service): number | null {
    return /^(updating|paused|rollback_started|rollback_paused)$/.test(service.update?.State ?? '')
      ? this.of(service.id).filter(t => t.state === 'running' && t.spec === service.spec).length : null;
  }

  /** Why a task does not run; one that is about to start says why the one before it ended. */
  reason(t: Task): string {
    if (why(t) || t.state === 'running' || ended(t)) return why(t);
    const before = this.failures(t.service ?? '').find(f => f.slot === t.slot && f.id !== t.id && (t.slot || f.node === t.node));
    return before && why(before) ? `before: ${why(before)}` : '';
  }

  /** Why a service's tasks do not run: the present ones' reasons, and the latest failure. */
  reasons(service: string): string[] {
    const wanted = this.services.get(service);
    if (wanted && !this.isShort(wanted)) return [];
    const stuck = this.of(service).filter(t => t.state !== 'running').map(why), failed = this.failures(service).slice(0, 1).map(why);
    return [...new Set([...stuck, ...failed])].filter(r => r !== '');
  }

  /** Worked out once for all that one picture asks. */
  private sorted(): Sorted {
    if (this.kept) return this.kept;
    const into = (map: Map<string, Task[]>, key: string | undefined, t: Task): void => { const list = map.get(key ?? ''); if (list) list.push(t); else map.set(key ?? '', [t]); };
    const names = new Map([...this.tasks.values()].map(t => [t.id, this.serviceName(t)]));
    const living = [...this.tasks.values()].filter(t => (t.desired === 'running' || t.desired === 'ready' || t.desired === 'complete' || t.state === 'running') && !(ended(t) && t.desired !== 'running'))
      .sort((a, b) => order(names.get(a.id)!, names.get(b.id)!) || (a.slot ?? 0) - (b.slot ?? 0) || (a.id < b.id ? -1 : 1));
    const kept: Sorted = { living, byService: new Map(), byNode: new Map(), failed: new Map() };
    for (const t of living) { into(kept.byService, t.service, t); into(kept.byNode, this.nodes.has(t.node ?? '') ? t.node : '', t); }
    for (const t of this.tasks.values()) if (t.state === 'failed' || t.state === 'rejected') into(kept.failed, t.service, t);
    for (const list of kept.failed.values()) list.sort((a, b) => (b.since ?? '').localeCompare(a.since ?? ''));
    return this.kept = kept;
  }
}

export const isJob = (s: Service): boolean => (s.mode ?? '').endsWith('Job');
export const ended = (t: Task): boolean => ['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'].includes(t.state ?? '');
export const why = (t: Task): string => t.error ? t.error + (t.exit && !t.error.includes('exit') ? ` (exit code ${t.exit})` : '') : t.state === 'pending' ? t.message ?? '' : '';
export const tone = (t: Task): string => t.state === 'running' ? 'good'
  : ['failed', 'rejected', 'orphaned'].includes(t.state ?? '') || t.error ? 'bad' : ended(t) ? 'off' : 'wait';
