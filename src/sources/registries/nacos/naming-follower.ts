/**
 * What is known of a registry's services, from one session to the next.
 *
 *   lists of groups --> services that are followed --> subscribed to, or read again and again --> answers
 *
 * A server that restarted is empty until its clients have registered again, which takes them some seconds: for a while
 * after a reconnect, what is missing is only said to be missing in part.
 */
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import { type Doubt, type DoubtCause, describeDoubts } from '../doubt.ts';
import type { RegistryAnswer } from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import type { AnswerQueue } from './answer-queue.ts';
import { mappedName } from './dubbo-names.ts';
import { FollowedService, type Part } from './followed-service.ts';
import type { Group, Groups } from './groups.ts';
import { inTurns } from './in-turns.ts';
import { doubtOf, type NamingSession, type PushedName, Refused, type ServiceInfo } from './naming-session.ts';

/** A service that we may not read is asked for again after so long. */
const refusedMs = 60_000;
/** How often the list is said again while nothing changes, so that its age shows that it was looked at. */
const listAgainMs = 60_000;
const doubt: Doubt = {
  cause: 'unsettled',
  text: 'the server was lost, and what registered there may not have come back yet',
};

export interface NamingFollowerOptions {
  readonly select: RegistrySelectSpec;
  /** What is beyond is not followed. */
  readonly maxServices: number;
  readonly scopes: readonly string[];
  readonly warmUpMs: number;
  readonly queue: AnswerQueue;
}

/** What a round of lists gave for one scope. */
interface Listed {
  /** Why it may lack some, and why some groups were not read at all. */
  readonly doubts: Map<string, Doubt>;
  readonly refusals: Map<string, Doubt>;
  readonly present: Set<FollowedService>;
  isChanged: boolean;
  isRead: boolean;
}

export class NamingFollower {
  readonly #options: NamingFollowerOptions;
  /** By the names of Nacos. */
  readonly #parts = new Map<string, Part>();
  /** The same by their groups; without those that have none. */
  readonly #groups = new Map<string, { readonly group: Group; readonly parts: Set<Part> }>();
  /** By our names. */
  readonly #services = new Map<string, FollowedService>();
  /** Parts that may not be read, and when they are tried again. */
  readonly #refused = new Map<Part, number>();
  /** Of each scope's list: why it was partial when it was said last, and when that was. */
  readonly #said = new Map<string, { readonly reason: string; readonly at: number }>();
  /** In which there are parts, or were. */
  readonly #namespaces = new Set<string>();
  #session: NamingSession | undefined;
  #hadSession = false;
  #warmAt = 0;

  constructor(options: NamingFollowerOptions) {
    this.#options = options;
  }

  /** How many names of Nacos are followed. */
  get size(): number {
    return this.#parts.size;
  }

  begin(session: NamingSession): void {
    this.#session = session;
    this.#warmAt = this.#hadSession ? performance.now() + this.#options.warmUpMs : 0;
    this.#hadSession = true;
    this.#said.clear();
    this.#refused.clear();
    for (const part of this.#parts.values()) part.isSubscribed = false;
  }

  /** Lists and reads what is not known yet. Rejects when the session is over. */
  async refresh(session: NamingSession, groups: Groups): Promise<void> {
    await this.#listAll(session, groups);
    const now = performance.now();
    const wanted = [...this.#parts.values()].filter(
      (part) => (!session.pushes || !part.isSubscribed) && (this.#refused.get(part) ?? 0) <= now,
    );
    await inTurns(wanted, async (part) => this.#read(part, async () => session.subscribe(part.raw)));
    if (this.#isWarmingUp) return;
    const doubted = [...this.#services.values()].filter(({ isDoubted }) => isDoubted);
    await inTurns(
      doubted.flatMap(({ parts }) => [...parts.values()]),
      async (part) => this.#read(part, async () => session.read(part.raw)),
    );
  }

  /** A push: it names no namespace, so that it is only a hint where a service of that name is in several. */
  readonly onChange = ({ group, name }: PushedName, info: ServiceInfo): void => {
    const session = this.#session;
    if (session === undefined) return;
    const parts = [...this.#namespaces].flatMap(
      (namespace) => this.#parts.get(keyOf({ namespace, group, name })) ?? [],
    );
    for (const part of parts) {
      part.pushes++;
      // Servers push nothing at all by mistake, at their start: an empty push is looked at twice.
      const isDoubtful = info.hosts.length === 0 && part.of.hasInstances && !this.#isWarmingUp;
      if (parts.length === 1 && !isDoubtful) this.#take(part, info);
      // When that fails the session is over, and says so.
      else void this.#read(part, async () => session.read(part.raw)).catch(() => {});
    }
  };

  get #isWarmingUp(): boolean {
    return performance.now() < this.#warmAt;
  }

  async #listAll(session: NamingSession, { groups, doubts }: Groups): Promise<void> {
    const { scopes } = this.#options;
    const rounds = new Map(
      scopes.map((scope): [string, Listed] => [
        scope,
        {
          doubts: new Map(doubts.map((one) => [one.text, one])),
          refusals: new Map(),
          present: new Set(),
          isChanged: false,
          isRead: false,
        },
      ]),
    );
    // A group that is empty now is listed as such.
    const followed = [...this.#groups.values()].map(({ group }) => group);
    const wanted = new Map([...groups, ...followed].map((group) => [groupKey(group), group]));
    const removed: Part[] = [];
    await inTurns([...wanted.values()], async (group) => {
      const listed = rounds.get(scopes[0] === '' ? '' : group.namespace);
      if (listed === undefined) return;
      try {
        const names = await session.list(group.namespace, group.group);
        listed.isRead = true;
        if (names === undefined) note(listed, 'unsettled', `group ${group.group} changes too fast to be listed`);
        else removed.push(...this.#keep(group, names, listed));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        listed.refusals.set(error.message, doubtOf(error));
      }
    });
    for (const [scope, listed] of rounds) this.#sayList(scope, listed);
    this.#sayGone(removed);
  }

  /** Takes note of what a group has, and gives what it has no more. */
  #keep(group: Group, names: readonly string[], listed: Listed): readonly Part[] {
    const current = new Set<Part>();
    for (const name of names) {
      const raw = { ...group, name };
      const key = keyOf(raw);
      const known = this.#parts.get(key);
      const part = known ?? this.#add(key, raw, listed);
      if (part === undefined) continue;
      current.add(part);
      listed.present.add(part.of);
      if (known === undefined) listed.isChanged = true;
    }
    const missing = [...(this.#groups.get(groupKey(group))?.parts ?? [])].filter((part) => !current.has(part));
    if (missing.length === 0) return [];
    if (this.#isWarmingUp) {
      note(listed, doubt.cause, doubt.text);
      return [];
    }
    listed.isChanged = true;
    for (const part of missing) this.#drop(part);
    return missing;
  }

  #add(key: string, raw: RegistryServiceName, listed: Listed): Part | undefined {
    const { select, maxServices } = this.#options;
    const name = mappedName(raw);
    if (name === undefined || !isSelected(select, name)) return undefined;
    if (this.#parts.size >= maxServices) {
      note(listed, 'bounded', `more than ${maxServices} services are registered`);
      return undefined;
    }
    const own = keyOf(name);
    const service = this.#services.get(own) ?? new FollowedService(name);
    this.#services.set(own, service);
    const part = service.part(raw);
    this.#parts.set(key, part);
    this.#namespaces.add(raw.namespace);
    const { namespace, group } = raw;
    const ofGroup = this.#groups.get(groupKey(raw)) ?? { group: { namespace, group }, parts: new Set() };
    ofGroup.parts.add(part);
    this.#groups.set(groupKey(raw), ofGroup);
    return part;
  }

  #drop(part: Part): void {
    const key = groupKey(part.raw);
    const ofGroup = this.#groups.get(key);
    this.#parts.delete(keyOf(part.raw));
    ofGroup?.parts.delete(part);
    if (ofGroup?.parts.size === 0) this.#groups.delete(key);
  }

  #sayList(scope: string, { doubts: noted, refusals, present, isChanged, isRead }: Listed): void {
    if (!isRead && refusals.size > 0) {
      this.#said.delete(scope);
      this.#say({ kind: 'unavailable', scope, reason: describeDoubts([...refusals.values()]) });
      return;
    }
    const doubts = [...refusals.values(), ...noted.values()];
    const reason = describeDoubts(doubts);
    const said = this.#said.get(scope);
    const now = performance.now();
    if (!isChanged && said?.reason === reason && now - said.at < listAgainMs) return;
    this.#said.set(scope, { reason, at: now });
    const services = [...present].map(({ name }) => name);
    this.#say(
      reason === ''
        ? { kind: 'services', scope, services, trust: 'complete' }
        : { kind: 'services', scope, services, trust: 'partial', doubts },
    );
  }

  /** The list says so by itself, unless it is partial for the sake of another group. */
  #sayGone(removed: readonly Part[]): void {
    for (const part of removed) {
      const { of: service, raw } = part;
      this.#refused.delete(part);
      service.parts.delete(raw.name);
      void this.#session?.unsubscribe(raw).catch(() => {});
      if (service.parts.size === 0) {
        this.#services.delete(keyOf(service.name));
        this.#say({ kind: 'absent', service: service.name });
      } else this.#say(service.answer());
    }
  }

  async #read(part: Part, ask: () => Promise<ServiceInfo>): Promise<void> {
    const { pushes } = part;
    try {
      const info = await ask();
      part.isSubscribed = true;
      this.#refused.delete(part);
      // What was pushed meanwhile is newer.
      if (part.pushes === pushes) this.#take(part, info);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (!this.#isFollowed(part)) return;
      this.#refused.set(part, performance.now() + refusedMs);
      this.#say(part.of.refusal(doubtOf(error)));
    }
  }

  /** What is read of a service that left the list meanwhile would bring it back. */
  #isFollowed(part: Part): boolean {
    return this.#parts.get(keyOf(part.raw)) === part;
  }

  #take(part: Part, info: ServiceInfo): void {
    if (!this.#isFollowed(part)) return;
    part.of.take(part, info);
    this.#say(part.of.answer(this.#isWarmingUp ? doubt : undefined));
  }

  #say(answer: RegistryAnswer | undefined): void {
    if (answer !== undefined) this.#options.queue.add(answer);
  }
}

function note({ doubts }: Listed, cause: DoubtCause, text: string): void {
  doubts.set(text, { cause, text });
}

function groupKey({ namespace, group }: Group): string {
  return `${namespace}\n${group}`;
}

function keyOf({ namespace, group, name }: RegistryServiceName): string {
  return `${namespace}\n${group}\n${name}`;
}
