/** The host that a user means by the name of a service: of the mesh, or of a registry. */
import { IsthmusError } from '../model/errors.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { RegistryStatus } from '../model/registry.ts';
import type { BridgedService } from './actions.ts';
import { type AdminTarget, adminGet } from './admin-client.ts';

export interface MovingHost {
  readonly host: string;
  readonly namespace: string;
}

/** Throws BAD_DATA where there is none, USAGE where there are several. */
export async function findMovingHost(target: AdminTarget, written: string): Promise<MovingHost> {
  const services = (await adminGet(target, '/api/v1/services')) as readonly MeshService[];
  const hostOf = (host: string): readonly MovingHost[] =>
    services.filter(({ service }) => service.host === host.toLowerCase()).map(({ service }) => service);
  const direct = hostOf(written);
  const found = direct.length > 0 ? direct : (await registeredHosts(target, written)).flatMap(hostOf);
  const [one, another] = found;
  if (one === undefined) {
    const message = `There is no host or registered service "${written}". "isthmus registry services" shows what registries hold.`;
    throw new IsthmusError('BAD_DATA', message);
  }
  if (another !== undefined) {
    const hosts = found.map(({ host, namespace }) => `${namespace}/${host}`).join(', ');
    throw new IsthmusError('USAGE', `"${written}" may mean ${hosts}. Write the host.`);
  }
  return { host: one.host, namespace: one.namespace };
}

/** `name`, or `namespace/name` and the like. */
async function registeredHosts(target: AdminTarget, written: string): Promise<readonly string[]> {
  const registries = (await adminGet(target, '/api/v1/registries')) as readonly RegistryStatus[];
  const rows = await Promise.all(
    registries.map(async ({ registry }) => {
      const path = `/api/v1/registries/${encodeURIComponent(registry)}/services`;
      return (await adminGet(target, path)) as readonly BridgedService[];
    }),
  );
  return rows
    .flat()
    .filter(({ service }) => service === written || service.endsWith(`/${written}`))
    .flatMap(({ host }) => host ?? []);
}
