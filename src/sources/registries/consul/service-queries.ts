/**
 * The health of each service, by a bounded number of queries in flight. Where there are fewer services than that, each has
 * a blocking query of its own. Where there are more, those that changed last have one, and the others are read when
 * something tells that they changed: see consul-client.ts.
 */
import { AgentBusy, type AgentConnection, AgentLate, type AgentReply } from './agent-connection.ts';
import { Allowance } from './allowance.ts';
import { answerMs, deadlineOf, indexAfter, jittered } from './query-index.ts';
import { type Realm, target } from './realm.ts';
import { TrackedService } from './tracked-service.ts';
import { settleMs, UnexplainedChanges } from './unexplained-changes.ts';

/** What became of a reply: there are instances, there are none, or it is no reply to the question. */
export type Reading = 'read' | 'empty' | 'unreadable';

export interface ServiceQueriesOptions {
  readonly connection: AgentConnection;
  /** Queries in flight. */
  readonly most: number;
  /** A service was read. */
  readonly onReply: (service: TrackedService, reply: AgentReply) => Reading;
  /** A service is refused again and again. */
  readonly onRefused: (service: TrackedService, why: string) => void;
  /** The agent cannot be asked any more. */
  readonly onLost: (error: unknown) => void;
}

const waitMs = 30_000;
/** Shorter where others wait for their turn. */
const turnMs = 10_000;
const readsPerSecond = 1_000;
const readsAtOnce = 32;
const firstRetryMs = 200;
const longestRetryMs = 5_000;
const leastPauseMs = 10;
const tickMs = 1_000;
/** Refusals in a row before somebody hears of them. */
const tolerated = 2;

export class ServiceQueries {
  readonly #options: ServiceQueriesOptions;
  readonly #changes = new UnexplainedChanges();
  readonly #reads = new Allowance(readsAtOnce, readsPerSecond, performance.now());
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #tick: NodeJS.Timeout;
  /** How many may wait; the rest is for reads. */
  readonly #seats: number;
  /** The longest unread first. */
  readonly #services = new Map<string, TrackedService>();
  /** To be read at once. */
  readonly #urgent = new Set<TrackedService>();
  /** With a blocking query of their own; the last to change is the last. */
  readonly #seated = new Set<TrackedService>();
  /** Of those, without one just now. */
  readonly #idle = new Set<TrackedService>();
  #inFlight = 0;
  #waiting = 0;
  #readsPausedUntil = 0;
  #isClosed = false;

  constructor(options: ServiceQueriesOptions) {
    this.#options = options;
    this.#seats = options.most - Math.max(2, Math.floor(options.most / 8));
    this.#tick = setInterval(() => this.#fill(), tickMs);
  }

  get size(): number {
    return this.#services.size;
  }

  /** Whether there are more services than can be waited for. */
  get isRotating(): boolean {
    return this.#services.size > this.#seats;
  }

  get(realm: Realm, name: string): TrackedService | undefined {
    return this.#services.get(keyOf(realm, name));
  }

  /** The services of a realm, new ones among them; what is not named goes, or has to prove itself. */
  update(realm: Realm, names: ReadonlyMap<string, unknown>, isComplete: boolean): void {
    for (const service of this.#services.values()) {
      if (service.realm !== realm) continue;
      service.isListed = names.has(service.name.name);
      if (service.isListed) continue;
      if (isComplete) this.#forget(service);
      else this.#hint(service);
    }
    const now = performance.now();
    for (const name of names.keys()) {
      const key = keyOf(realm, name);
      if (this.#services.has(key)) continue;
      const service = new TrackedService(key, realm, name, now);
      this.#services.set(key, service);
      this.#urgent.add(service);
    }
    this.#seat();
    this.#fill();
  }

  /** Something about it changed. */
  hint(realm: Realm, name: string): void {
    const service = this.get(realm, name);
    if (service === undefined || (this.#seated.has(service) && service.isAsked)) return;
    this.#hint(service);
    this.#fill();
  }

  /** Some service changed, and which one is not known. */
  noteChange(realm: Realm, index: number): void {
    if (!this.isRotating) return;
    this.#changes.note(changeId(realm, index), performance.now());
    this.#later(2 * settleMs);
  }

  /** Any service may have changed. */
  readAll(): void {
    if (this.isRotating) this.#changes.readAll(performance.now());
    this.#fill();
  }

  drop(realm: Realm): void {
    for (const service of this.#services.values()) if (service.realm === realm) this.#forget(service);
    this.#seat();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#tick);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #hint(service: TrackedService): void {
    if (service.isAsked) service.isHinted = true;
    else this.#urgent.add(service);
  }

  #forget(service: TrackedService): void {
    this.#services.delete(service.key);
    for (const set of [this.#urgent, this.#seated, this.#idle]) set.delete(service);
  }

  /** Gives free seats to whoever has none. */
  #seat(): void {
    if (this.#seated.size >= Math.min(this.#seats, this.#services.size)) return;
    for (const service of this.#services.values()) {
      if (this.#seated.size >= this.#seats) return;
      if (this.#seated.has(service)) continue;
      this.#seated.add(service);
      if (!service.isAsked && !this.#urgent.has(service)) this.#idle.add(service);
    }
  }

  /** It changed, and so may change again: it takes the seat of whoever has not for longest. */
  #promote(service: TrackedService): void {
    if (service.isProxy) return;
    this.#seated.delete(service);
    this.#seated.add(service);
    const [oldest] = this.#seated;
    if (this.#seated.size <= this.#seats || oldest === undefined) return;
    this.#seated.delete(oldest);
    this.#idle.delete(oldest);
  }

  #fill(): void {
    while (!this.#isClosed && this.#inFlight < this.#options.most) {
      const [urgent] = this.#urgent;
      const [idle] = this.#idle;
      if (urgent !== undefined) void this.#ask(urgent, false);
      else if (idle !== undefined && this.#waiting < this.#seats) void this.#ask(idle, true);
      else {
        const unread = this.isRotating ? this.#unread() : undefined;
        if (unread === undefined) return;
        void this.#ask(unread, false);
      }
    }
  }

  /** The one to read next, when there is a reason to. */
  #unread(): TrackedService | undefined {
    const now = performance.now();
    if (now < this.#readsPausedUntil) return undefined;
    for (const service of this.#services.values()) {
      // It is as it was seen, or as it will be in a moment.
      if (service.isAsked) continue;
      if (!this.#changes.isDue(service.readAt, now)) return undefined;
      const pause = this.#reads.take(1, now);
      this.#readsPausedUntil = now + pause;
      if (pause > 0) this.#later(Math.max(pause, leastPauseMs));
      return service;
    }
    return undefined;
  }

  async #ask(service: TrackedService, isWaiting: boolean): Promise<void> {
    const seats = isWaiting ? 1 : 0;
    this.#urgent.delete(service);
    this.#idle.delete(service);
    this.#inFlight++;
    this.#waiting += seats;
    service.isAsked = true;
    service.isHinted = false;
    const index = isWaiting ? service.index : 0;
    const wait = jittered(this.isRotating ? turnMs : waitMs);
    const path = `/v1/health/service/${encodeURIComponent(service.name.name)}`;
    try {
      const deadline = index === 0 ? answerMs : deadlineOf(wait);
      const start = performance.now();
      this.#putLast(service);
      const reply = await this.#options.connection.get(target(path, service.realm, index, wait), deadline);
      if (!this.#isClosed) this.#take(service, reply, { index, isEarly: performance.now() - start < wait });
    } catch (error) {
      if (error instanceof AgentLate) this.#fail(service, error.message);
      else this.#options.onLost(error);
    } finally {
      service.isAsked = false;
      this.#inFlight--;
      this.#waiting -= seats;
      this.#putLast(service);
      if (service.isHinted && this.#services.get(service.key) === service) this.#urgent.add(service);
      this.#rest(service);
      this.#fill();
    }
  }

  #take(service: TrackedService, reply: AgentReply, { index: before, isEarly }: Asked): void {
    const refusal = reply.status === 200 ? undefined : this.#options.connection.refusal(reply);
    if (refusal instanceof AgentBusy) throw refusal;
    if (refusal !== undefined) {
      this.#fail(service, refusal.message);
      return;
    }
    const index = indexAfter(before, reply.headers);
    service.readAt = performance.now();
    if (isEarly) service.pauseMs = service.allowance.take(1, service.readAt);
    if (service.isAnswered && index > 0 && index === service.index) return;
    const reading = this.#options.onReply(service, reply);
    if (reading === 'unreadable') {
      this.#fail(service, 'the agent answers no list of instances');
      return;
    }
    if (this.isRotating) {
      this.#changes.explain(changeId(service.realm, index));
      if (service.isAnswered) this.#promote(service);
    }
    if (reading === 'empty' && !service.isListed) this.#forget(service);
    service.isAnswered = true;
    service.index = index;
    service.failures = 0;
  }

  #fail(service: TrackedService, why: string): void {
    if (this.#isClosed) return;
    service.index = 0;
    service.failures++;
    service.pauseMs = Math.min(firstRetryMs * 2 ** service.failures, longestRetryMs) * (0.75 + Math.random() / 2);
    if (service.failures === tolerated) this.#options.onRefused(service, why);
  }

  /** Until it may be asked again. */
  #rest(service: TrackedService): void {
    const resume = (): void => {
      if (this.#services.get(service.key) !== service || service.isAsked) return;
      if (service.failures > 0) this.#urgent.add(service);
      else if (this.#seated.has(service) && !this.#urgent.has(service)) this.#idle.add(service);
    };
    const { pauseMs } = service;
    service.pauseMs = 0;
    if (pauseMs > 0) this.#later(pauseMs, resume);
    else resume();
  }

  #later(ms: number, run?: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run?.();
      this.#fill();
    }, ms);
    this.#timers.add(timer);
  }

  #putLast(service: TrackedService): void {
    if (this.#services.get(service.key) !== service) return;
    this.#services.delete(service.key);
    this.#services.set(service.key, service);
  }
}

interface Asked {
  /** 0 where it did not wait. */
  readonly index: number;
  /** Whether it came before the wait was over. */
  readonly isEarly: boolean;
}

function keyOf({ scope, group }: Realm, name: string): string {
  return [scope, group, name].map(encodeURIComponent).join('/');
}

/** Namespaces of a datacenter share its indexes. */
function changeId({ scope }: Realm, index: number): string {
  return `${scope} ${index}`;
}
