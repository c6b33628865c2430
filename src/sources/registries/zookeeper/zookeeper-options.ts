/** What the options and addresses of a ServiceRegistry ask of ZooKeeper's client. */
import { parseDuration } from '../../../resources/durations.ts';
import type { ServiceRegistry } from '../../../resources/kinds.ts';
import { type DubboRoots, dubboOptions, dubboRootsOf } from '../dubbo/dubbo-layout.ts';
import { unknownOption } from '../refused-client.ts';
import { parseServerAddresses, type ServerAddresses } from './server-addresses.ts';

export interface ZooKeeperSettings extends ServerAddresses {
  readonly roots: DubboRoots;
  /** Asked for; the server has bounds of its own. */
  readonly sessionTimeoutMs: number;
}

const names: readonly string[] = [...dubboOptions, 'sessionTimeout'];
const shortestMs = 1_000;
const longestMs = 60_000;

/** Gives why there are none, as text. */
export function zooKeeperSettings({ addresses, options }: ServiceRegistry['spec']): ZooKeeperSettings | string {
  const unknown = unknownOption(options, names, 'ZooKeeper');
  if (unknown !== undefined) return unknown;
  const { sessionTimeout = '6s' } = options;
  const sessionTimeoutMs = parseDuration(sessionTimeout) ?? 0;
  if (!(sessionTimeoutMs >= shortestMs && sessionTimeoutMs <= longestMs))
    return `options.sessionTimeout ${JSON.stringify(sessionTimeout)} is no duration from 1s to 60s`;
  const roots = dubboRootsOf(options);
  if (typeof roots === 'string') return roots;
  const servers = parseServerAddresses(addresses);
  if (typeof servers === 'string') return servers;
  return { ...servers, roots, sessionTimeoutMs };
}
