/** What is known of one service's queries. */
import type { RegistryServiceName } from '../../../model/registry.ts';
import { Allowance } from './allowance.ts';
import type { Realm } from './realm.ts';

/** Answers of one service that nobody had to wait for: so many at once, and so many a second. */
const burst = 10;
const perSecond = 2;
const firstRetryMs = 200;
const longestRetryMs = 5_000;

export class TrackedService {
  readonly key: string;
  readonly realm: Realm;
  readonly name: RegistryServiceName;
  readonly allowance: Allowance;
  /** Of its last answer; 0 where there is none to wait from. */
  index = 0;
  isAsked = false;
  /** Its query tells of every change. */
  isWaiting = false;
  /** It is to be read as soon as the query that is under way is over. */
  isHinted = false;
  isListed = true;
  /** Whether somebody heard of it, whatever it was. */
  isAnswered = false;
  /** Nothing but proxies, or gateways: no service of a mesh. */
  isProxy = false;
  /** On which its instances stand; kept where services take turns. */
  nodes: ReadonlySet<string> = new Set();
  /** How often in a row it was refused. */
  failures = 0;
  /** Milliseconds for which it is not asked again. */
  pauseMs = 0;
  /** When it was last seen as it is; of performance.now. */
  seenAt = 0;

  constructor(key: string, realm: Realm, name: string, now: number) {
    this.key = key;
    this.realm = realm;
    this.name = { namespace: realm.scope, group: realm.group, name };
    this.allowance = new Allowance(burst, perSecond, now);
  }

  begin(isWaiting: boolean): void {
    this.isAsked = true;
    this.isWaiting = isWaiting;
    this.isHinted = false;
  }

  end(): void {
    this.isAsked = false;
    this.isWaiting = false;
  }

  fail(): void {
    this.index = 0;
    this.failures++;
    const pause = Math.min(firstRetryMs * 2 ** (this.failures - 1), longestRetryMs);
    this.pauseMs = pause * (0.75 + Math.random() / 2);
  }
}
