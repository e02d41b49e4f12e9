// What the server tells: the Engine API's objects, cut down.
export interface Node { id: string; name?: string; role?: string; availability?: string; state?: string; message?: string; addr?: string; leader?: boolean; reachability?: string; cpus?: number; memory?: number; engine?: string }
export interface Port { Protocol?: string; TargetPort?: number; PublishedPort?: number; PublishMode?: string }
export interface Service { id: string; name?: string; stack?: string; image?: string; mode?: string; replicas?: number; ports?: Port[]; constraints?: string[]; networks?: { Target?: string }[]; update?: { State?: string; Message?: string }; previous?: boolean }
export interface Task { id: string; service?: string; node?: string; slot?: number; state?: string; desired?: string; message?: string; error?: string; since?: string; image?: string; container?: string; exit?: number }
export interface Network { id: string; name?: string; driver?: string; scope?: string; stack?: string; subnets?: { Subnet?: string }[]; internal?: boolean; ingress?: boolean }
export interface Told { type?: string; action?: string; id?: string; name?: string; time?: number; more?: Record<string, string> }
export interface Point { t: number; of: Record<string, [number, number]> }
interface Message {
  whole?: boolean; readOnly?: boolean; trouble?: string; events?: Told[]; usage?: Point[]; usageWhole?: boolean;
  [kind: string]: unknown;
}

export class Cluster {
  nodes = new Map<string, Node>();
  services = new Map<string, Service>();
  tasks = new Map<string, Task>();
  networks = new Map<string, Network>();
  events: Told[] = [];
  usage: Point[] = [];
  readOnly = true;
  trouble = 'connecting…';

  take(message: Message): void {
    for (const kind of ['nodes', 'services', 'tasks', 'networks'] as const) {
      const map = this[kind] as Map<string, { id: string }>;
      if (message.whole) map.clear();
      for (const item of (message[kind] as { id: string }[] | undefined) ?? []) map.set(item.id, item);
      for (const id of (message[kind + 'Gone'] as string[] | undefined) ?? []) map.delete(id);
    }
    if (message.whole) this.events = [];
    if (message.readOnly !== undefined) this.readOnly = message.readOnly;
    if (message.trouble !== undefined) this.trouble = message.trouble;
    if (message.events) this.events = [...this.events, ...message.events].slice(-200);
    if (message.usage) this.usage = message.usageWhole ? message.usage : [...this.usage, ...message.usage].slice(-200);
  }

  serviceName(task: Task): string { return this.services.get(task.service ?? '')?.name ?? (task.service ?? '?').slice(0, 8); }

  taskName(task: Task): string {
    return `${this.serviceName(task)}.${task.slot || this.nodes.get(task.node ?? '')?.name || '?'}`;
  }

  /** Tasks somebody wants, or that still run. */
  living(): Task[] {
    return [...this.tasks.values()].filter(t => t.desired === 'running' || t.desired === 'ready' || t.desired === 'complete' || t.state === 'running')
      .filter(t => !(ended(t) && t.desired !== 'running'))
      .sort((a, b) => this.serviceName(a).localeCompare(this.serviceName(b)) || (a.slot ?? 0) - (b.slot ?? 0) || a.id.localeCompare(b.id));
  }

  of(service: string): Task[] { return this.living().filter(t => t.service === service); }

  running(service: string): number { return this.of(service).filter(t => t.state === 'running').length; }

  wanted(service: Service): number { return service.replicas ?? this.of(service.id).length; }

  /** Why a service's tasks do not run: the present ones' reasons, and the latest failure. */
  reasons(service: string): string[] {
    const stuck = this.of(service).filter(t => t.state !== 'running').map(why);
    const failed = [...this.tasks.values()].filter(t => t.service === service && (t.state === 'failed' || t.state === 'rejected'))
      .sort((a, b) => (b.since ?? '').localeCompare(a.since ?? '')).slice(0, 1).map(why);
    const wanted = this.services.get(service);
    return wanted && this.running(service) >= this.wanted(wanted) ? [] : [...new Set([...stuck, ...failed])].filter(r => r !== '');
  }
}

export const ended = (t: Task): boolean => ['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'].includes(t.state ?? '');
export const why = (t: Task): string => t.error ?? (t.state === 'pending' ? t.message ?? '' : '');
export const tone = (t: Task): string => t.state === 'running' ? 'good'
  : ['failed', 'rejected', 'orphaned'].includes(t.state ?? '') || t.error ? 'bad' : ended(t) ? 'off' : 'wait';
