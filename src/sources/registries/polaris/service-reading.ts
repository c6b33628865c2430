/** One service at a time, read by who wants to register there. */
import { IsthmusError } from '../../../model/errors.ts';
import type { RegistryInstance } from '../../../model/registry.ts';
import type { DiscoverConnection } from './discover-connection.ts';
import { reasonOf, verdictOf } from './polaris-codes.ts';
import { registryService } from './polaris-mapping.ts';
import { asked, DiscoverType } from './polaris-messages.ts';
import { readServiceList } from './service-list.ts';

interface ReadService {
  readonly revision: string;
  readonly instances: readonly RegistryInstance[];
}

/** Rejects with UNAVAILABLE where the server does not say. */
export async function readServices(connection: DiscoverConnection, namespace: string): Promise<readonly string[]> {
  const request = { type: DiscoverType.services, service: asked(namespace, '', '') };
  const response = await connection.ask(request);
  if (verdictOf(request, response) !== 'data') throw new IsthmusError('UNAVAILABLE', reasonOf(response));
  return readServiceList(namespace, response).services.map(({ name }) => name.name);
}

/** Undefined: as it was at that revision. A service that is not there has no instances. Rejects with UNAVAILABLE. */
export async function readInstances(
  connection: DiscoverConnection,
  namespace: string,
  name: string,
  revision: string,
): Promise<ReadService | undefined> {
  const request = { type: DiscoverType.instance, service: asked(namespace, name, revision) };
  const response = await connection.ask(request);
  const verdict = verdictOf(request, response);
  if (verdict === 'unchanged') return undefined;
  if (verdict === 'absent') return { revision: '', instances: [] };
  if (verdict !== 'data') throw new IsthmusError('UNAVAILABLE', reasonOf(response));
  const { instances } = registryService({ namespace, group: '', name }, {}, response.instances ?? []);
  return { revision: response.service?.revision?.value ?? '', instances };
}
