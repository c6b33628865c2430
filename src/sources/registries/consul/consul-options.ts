/** What the options of a ServiceRegistry say to the Consul client. */
import { unknownOption } from '../refused-client.ts';

export type Consistency = 'default' | 'stale' | 'consistent';

export interface ConsulOptions {
  /** Requests in flight at once, and so connections to one agent. */
  readonly connections: number;
  /** Whether the leader answers, any server, or the leader after it asked the others. */
  readonly consistency: Consistency;
  /** Of Consul Enterprise; empty for the token's own. */
  readonly partition: string;
  /** Whether what the token may read is all that is to be bridged. */
  readonly isFilteredComplete: boolean;
}

type Options = Readonly<Record<string, string>>;

const names = ['connections', 'consistency', 'partition', 'filtered'];
const fewest = 8;
const most = 20_000;

/** Gives why there are none, as text. */
export function consulOptions(options: Options): ConsulOptions | string {
  const unknown = unknownOption(options, names, 'Consul');
  if (unknown !== undefined) return unknown;
  const { connections: text = '96', consistency = 'default', partition = '', filtered = 'partial' } = options;
  const connections = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (connections < fewest || connections > most)
    return `options.connections ${JSON.stringify(text)} is no number from ${fewest} to ${most}`;
  if (!isConsistency(consistency))
    return `options.consistency ${JSON.stringify(consistency)} is none of default, stale, consistent`;
  if (filtered !== 'partial' && filtered !== 'complete')
    return `options.filtered ${JSON.stringify(filtered)} is neither partial nor complete`;
  return { connections, consistency, partition, isFilteredComplete: filtered === 'complete' };
}

function isConsistency(text: string): text is Consistency {
  return text === 'default' || text === 'stale' || text === 'consistent';
}
