/** The host that a user means by the name of a service: of the mesh, or of a registry. */
import { IsthmusError } from '../model/errors.ts';
import type { MeshService } from '../model/mesh-service.ts';
import type { RegistryStatus } from '../model/registry.ts';
import { isHostName } from '../resources/kubernetes-names.ts';
import type { BridgedService } from './actions.ts';
import { type AdminTarget, adminGet } from './admin-client.ts';

export interface MovingHost {
  readonly host: string;
  readonly namespace: string;
}

export interface Move extends MovingHost {
  /** Whether the mesh has the host that takes over. */
  readonly isTargetKnown: boolean;
}

/** `to`: the host that takes over. Throws USAGE where it can be none; else as findMovingHost does. */
export async function findMove(target: AdminTarget, written: string, to: string): Promise<Move> {
  if (!isHostName(to)) throw new IsthmusError('USAGE', `--to "${to}" is no host name.`);
  const services = (await adminGet(target, '/api/v1/services')) as readonly MeshService[];
  const moving = await findMovingHost(target, services, written);
  if (moving.host === to.toLowerCase())
    throw new IsthmusError('USAGE', `--to "${to}" is the host that is to be moved.`);
  return { ...moving, isTargetKnown: services.some(({ service }) => service.host === to.toLowerCase()) };
}

/** Throws BAD_DATA where there is none, USAGE where there are several. */
async function findMovingHost(
  target: AdminTarget,
  services: readonly MeshService[],
  written: string,
): Promise<MovingHost> {
  const hostOf = (host: string): readonly MovingHost[] =>
    services.filter(({ service }) => service.host === host.toLowerCase()).map(({ service }) => service);
  const direct = hostOf(written);
  const found = direct.length > 0 ? direct : (await registeredHosts(target, written)).flatMap(hostOf);
  const [one, another] = found;
  if (one === undefined) {
    const message = `There is no host or registered service "${written}". "isthmus services" lists the hosts of the mesh, "isthmus registry services NAME" what a registry holds.`;
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
