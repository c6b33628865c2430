/** What the client asks of one Nacos server, whichever way the two speak. */
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import { causeOfStatus, type Doubt } from '../doubt.ts';
import type { JsonRecord } from './json-record.ts';

/** What the server knows of one service: the `serviceInfo` of its API, of which nothing has been looked at. */
export interface ServiceInfo {
  readonly hosts: readonly unknown[];
  /** All are shown as healthy, since too few are. */
  readonly isProtected: boolean;
}

/** What a push says of its service. */
export type PushedName = Pick<RegistryServiceName, 'group' | 'name'>;

/** Answers reject with Refused, or with UNAVAILABLE when the session is over. */
export interface NamingSession {
  /** Whether `onChange` is called for what was subscribed to; otherwise it has to be read again and again. */
  readonly pushes: boolean;
  /** Names of a group's services, without the group. Undefined where they changed too fast to be read whole. */
  list(namespace: string, group: string): Promise<readonly string[] | undefined>;
  /** What there is now; from now on, where it pushes, changes are said. */
  subscribe(service: RegistryServiceName): Promise<ServiceInfo>;
  unsubscribe(service: RegistryServiceName): Promise<void>;
  read(service: RegistryServiceName): Promise<ServiceInfo>;
  /** Rejects when the session is over: with Moved, where the server asks us to go elsewhere. */
  readonly over: Promise<never>;
  close(): void;
}

/** The server is there, and does not answer this. */
export class Refused extends IsthmusError {
  /** Status of HTTP, or a code of the server's own: 403 where we may not. */
  readonly status: number;

  constructor(status: number, message: string) {
    super('UNAVAILABLE', message);
    this.status = status;
  }
}

/** Why what is refused may be there. */
export function doubtOf({ status, message }: Refused): Doubt {
  return { cause: causeOfStatus(status), text: message };
}

/** The server sends its clients away, to others or to itself: nothing is wrong. */
export class Moved extends IsthmusError {}

export function serviceInfo(body: JsonRecord): ServiceInfo {
  const { hosts, reachProtectionThreshold } = body;
  return { hosts: Array.isArray(hosts) ? hosts : [], isProtected: reachProtectionThreshold === true };
}

/** The public namespace has several names. */
export function namespaceOf(text: string): string {
  return text === '' ? 'public' : text;
}

/** `DEFAULT_GROUP@@orders`, as some answers have it. */
export function withoutGroup(name: string): string {
  const at = name.indexOf('@@');
  return at < 0 ? name : name.slice(at + 2);
}
