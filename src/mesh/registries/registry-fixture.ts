/** For tests: registries, what they hold, and the mesh that is made of it. */
import type { RegisteredService, RegistryInstance } from '../../model/registry.ts';
import { registeredServiceKey } from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { testMesh } from '../mesh-fixture.ts';

type Spec = ServiceRegistry['spec'];

export function registry(
  name: string,
  mapping: Partial<Spec['mapping']> = {},
  spec: Partial<Spec> = {},
): ServiceRegistry {
  const one = testRegistry();
  return testRegistry({ mapping: { ...one.spec.mapping, namespace: name, ...mapping }, ...spec }, name);
}

export const place = (text: string) => {
  const [region = '', zone = '', subzone = ''] = text.split('/');
  return { region, zone, subzone };
};

export function instance(id: string, address: string, rest: Partial<RegistryInstance> = {}): RegistryInstance {
  return {
    id,
    address,
    ports: [{ name: '', number: 8081, protocol: 'grpc' }],
    weight: 100,
    health: 'up',
    isolated: false,
    locality: place(''),
    metadata: {},
    ...rest,
  };
}

export function registered(
  name: string,
  instances: readonly RegistryInstance[],
  rest: Partial<RegisteredService> = {},
): RegisteredService {
  const id = { namespace: 'Production', group: '', name, ...rest };
  const source = rest.registry ?? 'polaris';
  return {
    ...id,
    key: registeredServiceKey(source, id),
    registry: source,
    metadata: {},
    instances,
    isProtected: false,
    since: 1,
    firstPorts: { grpc: { number: 8081, protocol: 'grpc' } },
    ...rest,
  };
}

/** A mesh over one registry and what it holds. */
export function meshOf(one: ServiceRegistry, ...services: readonly RegisteredService[]) {
  const test = testMesh();
  test.set(one);
  const register = (...more: readonly RegisteredService[]) =>
    test.engine.batch(() => {
      for (const service of more) test.registered.set(service);
    });
  register(...services);
  const hosts = () => [...test.mesh.services.values()].map(({ host }) => host).sort();
  const endpoints = (key: string) =>
    test.mesh.groupsByService
      .lookup(key)
      .flatMap(({ endpoints: all, locality }) =>
        all.map(({ address, port, weight }) => `${address}:${port} x${weight} ${Object.values(locality).join('/')}`),
      )
      .sort();
  return { ...test, register, hosts, endpoints };
}
