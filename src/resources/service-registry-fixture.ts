/** For tests: a ServiceRegistry with its defaults. */
import type { ServiceRegistry } from './types/service-registry.ts';

export function testRegistry(spec: Partial<ServiceRegistry['spec']> = {}, name = 'polaris'): ServiceRegistry {
  return {
    kind: 'ServiceRegistry',
    apiVersion: 'isthmus.dev/v1alpha1',
    key: `ServiceRegistry//${name}`,
    metadata: { namespace: '', name, labels: {}, annotations: {} },
    spec: {
      type: 'Polaris',
      addresses: ['127.0.0.1:8091'],
      select: { namespaces: [], groups: [], services: [], exceptServices: [], metadata: {} },
      mapping: {
        host: '{service}.{group}.{namespace}.{registry}.mesh',
        namespace: 'polaris',
        protocols: {},
        labels: ['*'],
        location: 'MESH_EXTERNAL',
        compatibility: true,
      },
      priority: 100,
      trust: {
        hostSuffixes: [],
        addresses: [],
        minPort: 1,
        maxPort: 65_535,
        maxServices: 20_000,
        maxInstances: 5_000,
        maxMetadataBytes: 16_384,
        maxChanges: 30_000,
      },
      safety: {
        grace: 60_000,
        maxLostServices: 30,
        maxLostInstances: 50,
        hold: 600_000,
        whenAllUnhealthy: 'Keep',
      },
      options: {},
      ...spec,
    },
  };
}
