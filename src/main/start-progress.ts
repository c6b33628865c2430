/** How far a control plane's start has come: what it waits for now, as readiness and the log say it. */
import type { SourceState } from '../collections/collection.ts';

/** In the order in which they come. */
export type StartStep = 'resources' | 'state' | 'registries' | 'virtual IPs' | 'listening';

export interface Unready {
  readonly part: string;
  readonly reason: string;
}

export interface StartFacts {
  /** Of the source of resources. */
  readonly source: SourceState;
  readonly stateFolder: string;
  /** In a cluster: the address of its API server, and the namespace in which state is kept. */
  readonly cluster?: { readonly url: string; readonly systemNamespace: string };
  /** Seconds. */
  readonly registryWait: number;
  /** Registries of which nothing is known yet, each with why, where that is known. */
  readonly unseenRegistries: readonly UnseenRegistry[];
}

export interface UnseenRegistry {
  readonly name: string;
  /** Empty while it is being read. */
  readonly reason: string;
}

/** Why nobody is served yet. */
export function whyNotServing(step: StartStep, facts: StartFacts): Unready {
  const { source, stateFolder, cluster, registryWait, unseenRegistries } = facts;
  const isRead = source === 'syncing';
  const place = cluster === undefined ? stateFolder : `the namespace ${cluster.systemNamespace} of ${cluster.url}`;
  const parts: Readonly<Record<StartStep, Unready>> = {
    resources:
      cluster === undefined
        ? { part: 'files', reason: isRead ? 'they are being read' : unseen }
        : { part: 'API server', reason: isRead ? `objects of ${cluster.url} are being read` : unseen },
    state: {
      part: cluster === undefined ? 'state folder' : 'state',
      reason: `what is kept in ${place} is being read`,
    },
    registries: {
      part: 'registries',
      reason: `${registriesNamed(unseenRegistries)}: what they hold is waited for, ${registryWait} s at most`,
    },
    'virtual IPs': {
      part: 'virtual IPs',
      reason:
        cluster === undefined ? `they are being written to ${place}` : 'AddressLeases of all hosts are waited for',
    },
    listening: { part: 'listening', reason: 'the addresses to serve at are being opened' },
  };
  return parts[step];
}

function registriesNamed(registries: readonly UnseenRegistry[]): string {
  const named = registries.map(({ name, reason }) => (reason === '' ? name : `${name} (${reason})`));
  return `nothing is known of ${named.join(', ')}`;
}

const unseen = 'not all of them can be seen; see the findings';
