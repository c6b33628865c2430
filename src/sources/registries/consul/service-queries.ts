/**
 * The health of each service, by a bounded number of queries in flight. Where there are fewer services than that, each has
 * a blocking query of its own. Where there are more, those that changed last have one, and the others are read when
 * something tells that they changed: see consul-client.ts.
 */
import { causeOfStatus, type Doubt, type DoubtCause } from '../doubt.ts';
import { AnswerLate } from '../http-exchange.ts';
import { AgentBusy, type AgentConnection, type AgentReply } from './agent-connection.ts';
import { Delays } from './delays.ts';
import { Lookout } from './lookout.ts';
import { answerMs, deadlineOf, indexAfter, isStreamed, jittered } from './query-index.ts';
import { type Realm, target } from './realm.ts';
import { Seats } from './seats.ts';
import { TrackedService } from './tracked-service.ts';
import { settleMs } from './unexplained-changes.ts';

/** What became of a reply: there are instances, there are none, or it is no reply to the question. */
export type Reading = 'read' | 'empty' | 'unreadable';

export interface ServiceQueriesOptions {
  readonly connection: Pick<AgentConnection, 'get' | 'refusal'>;
  /** Queries in flight. */
  readonly most: number;
  /** A service was read. */
  readonly onReply: (service: TrackedService, reply: AgentReply) => Reading;
  /** A service is refused again and again. */
  readonly onRefused: (service: TrackedService, why: Doubt) => void;
  /** The agent cannot be asked any more. */
  readonly onLost: (error: unknown) => void;
}

/** Waits for a change, asks for what there is, or looks whether there was a change. */
type Manner = 'wait' | 'read' | 'look';

const waitMs = 30_000;
/** Shorter where others wait for their turn. */
const turnMs = 10_000;
/** Queries in flight that do not wait: an agent works for them, and does no more for being asked more at once. */
const mostWorking = 32;
const tickMs = 1_000;
/** Refusals in a row before somebody hears of them. */
const tolerated = 2;

export class ServiceQueries {
  readonly #options: ServiceQueriesOptions;
  readonly #delays = new Delays();
  readonly #lookout = new Lookout((ms) => this.#later(ms));
  readonly #tick: NodeJS.Timeout;
  readonly #seats: Seats<TrackedService>;
  /** The longest unseen first. */
  readonly #services = new Map<string, TrackedService>();
  /** To be read at once. */
  readonly #urgent = new Set<TrackedService>();
  #inFlight = 0;
  #waiting = 0;
  #isClosed = false;

  constructor(options: ServiceQueriesOptions) {
    this.#options = options;
    const working = Math.min(Math.max(2, Math.floor(options.most / 8)), mostWorking);
    this.#seats = new Seats(options.most - working);
    this.#tick = setInterval(() => this.#fill(), tickMs);
  }

  /** Whether there are more services than can be waited for. */
  get isRotating(): boolean {
    return this.#services.size > this.#seats.most;
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
    this.#fillSeats();
    this.#fill();
  }

  /** Something about it changed. */
  hint(realm: Realm, name: string): void {
    const service = this.get(realm, name);
    if (service === undefined || service.isWaiting) return;
    this.#hint(service);
    this.#fill();
  }

  /** Some service changed, and which one is not known. */
  noteChange(realm: Realm, index: number): void {
    if (!this.isRotating) return;
    this.#lookout.changes.note(changeId(realm, index), performance.now());
    this.#later(2 * settleMs);
  }

  /** Any service may have changed. */
  noteUnclear(): void {
    if (this.isRotating) this.#lookout.changes.noteUnclear();
    this.#fill();
  }

  drop(realm: Realm): void {
    for (const service of this.#services.values()) if (service.realm === realm) this.#forget(service);
    this.#fillSeats();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#tick);
    this.#delays.close();
  }

  #hint(service: TrackedService): void {
    if (service.isAsked) service.isHinted = true;
    else this.#urgent.add(service);
  }

  #has(service: TrackedService): boolean {
    return this.#services.get(service.key) === service;
  }

  #forget(service: TrackedService): void {
    this.#services.delete(service.key);
    this.#urgent.delete(service);
    this.#seats.leave(service);
  }

  #fillSeats(): void {
    const isReady = (service: TrackedService): boolean => !service.isAsked && !this.#urgent.has(service);
    this.#seats.fill(this.#services.values(), this.#services.size, isReady);
  }

  #fill(): void {
    while (!this.#isClosed && this.#inFlight < this.#options.most) {
      const canWork = this.#inFlight - this.#waiting < mostWorking;
      const [urgent] = canWork ? this.#urgent : [];
      const { idle } = this.#seats;
      if (urgent !== undefined) void this.#ask(urgent, 'read');
      else if (idle !== undefined && this.#waiting < this.#seats.most) void this.#ask(idle, 'wait');
      else {
        const unseen = canWork && this.isRotating ? this.#lookout.next(this.#services.values()) : undefined;
        if (unseen === undefined) return;
        void this.#ask(unseen, 'look');
      }
    }
  }

  async #ask(service: TrackedService, manner: Manner): Promise<void> {
    const index = manner === 'wait' ? service.index : 0;
    const wait = jittered(this.isRotating ? turnMs : waitMs);
    const seats = manner === 'wait' ? 1 : 0;
    this.#urgent.delete(service);
    this.#seats.begin(service);
    this.#inFlight++;
    this.#waiting += seats;
    service.begin(index > 0);
    this.#putLast(service);
    const start = performance.now();
    try {
      const address = targetOf(service, manner, index, wait);
      const reply = await this.#options.connection.get(address, index === 0 ? answerMs : deadlineOf(wait));
      const isEarly = manner !== 'look' && performance.now() - start < wait;
      if (!this.#isClosed && this.#has(service)) this.#take(service, manner, reply, isEarly);
    } catch (error) {
      if (error instanceof AnswerLate) this.#fail(service, 'unsettled', error.message);
      else this.#options.onLost(error);
    }
    service.end();
    this.#inFlight--;
    this.#waiting -= seats;
    this.#putLast(service);
    this.#goOn(service);
    this.#fill();
  }

  #take(service: TrackedService, manner: Manner, reply: AgentReply, isEarly: boolean): void {
    const refusal = reply.status === 200 ? undefined : this.#options.connection.refusal(reply);
    if (refusal instanceof AgentBusy) throw refusal;
    if (refusal !== undefined) {
      this.#fail(service, causeOfStatus(reply.status), refusal.message);
      return;
    }
    const index = indexAfter(manner === 'wait' ? service.index : 0, reply.headers);
    const isSame = service.isAnswered && index > 0 && index === service.index;
    service.seenAt = performance.now();
    if (isEarly) service.pauseMs = service.allowance.take(1, service.seenAt);
    if (isSame) return;
    if (manner === 'look' || isStreamed(reply.headers)) service.isHinted = true;
    else this.#read(service, reply, index);
  }

  #read(service: TrackedService, reply: AgentReply, index: number): void {
    const reading = this.#options.onReply(service, reply);
    if (reading === 'unreadable') {
      this.#fail(service, 'unreadable', 'the agent answers no list of instances');
      return;
    }
    if (this.isRotating) {
      this.#lookout.changes.explain(changeId(service.realm, index));
      if (service.isAnswered && !service.isProxy) this.#seats.promote(service);
    }
    service.isAnswered = true;
    service.index = index;
    service.failures = 0;
    if (reading === 'empty' && !service.isListed) this.#forget(service);
  }

  #fail(service: TrackedService, cause: DoubtCause, text: string): void {
    if (this.#isClosed || !this.#has(service)) return;
    service.fail();
    if (service.failures === tolerated) this.#options.onRefused(service, { cause, text });
  }

  /** With what was asked for meanwhile, at once; else when it may be asked again. */
  #goOn(service: TrackedService): void {
    const { pauseMs, isHinted } = service;
    service.pauseMs = 0;
    const resume = (): void => {
      if (!this.#has(service) || service.isAsked) return;
      if (service.failures > 0 || isHinted) this.#urgent.add(service);
      else if (!this.#urgent.has(service)) this.#seats.end(service);
    };
    if (pauseMs > 0) this.#later(pauseMs, resume);
    else resume();
  }

  #later(ms: number, run?: () => void): void {
    this.#delays.after(ms, () => {
      run?.();
      this.#fill();
    });
  }

  #putLast(service: TrackedService): void {
    if (!this.#has(service)) return;
    this.#services.delete(service.key);
    this.#services.set(service.key, service);
  }
}

/** Keeps an agent from answering what was streamed to it; the order of instances means nothing. */
const noStream = 'near=_agent';
/** No service has it: a query for those that do costs next to nothing, and gives the index of all. */
const noInstance = `tag=${encodeURIComponent('isthmus.dev/none')}`;

function targetOf({ realm, name }: TrackedService, manner: Manner, index: number, wait: number): string {
  const path = target(`/v1/health/service/${encodeURIComponent(name.name)}`, realm, index, wait);
  if (manner === 'read') return path;
  return `${path}${path.includes('?') ? '&' : '?'}${manner === 'wait' ? noStream : noInstance}`;
}

function keyOf({ scope, group }: Realm, name: string): string {
  return [scope, group, name].map(encodeURIComponent).join('/');
}

/** Namespaces of a datacenter share its indexes. */
function changeId({ scope }: Realm, index: number): string {
  return `${scope} ${index}`;
}
