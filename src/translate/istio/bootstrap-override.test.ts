import { expect, it } from 'vitest';
import { fromJson } from '../../xds-api/proto-json.ts';
import { bootstrapOverride } from './bootstrap-override.ts';

const server = { host: 'isthmus.mesh.svc', port: 15011, namespace: 'mesh', serviceAccount: 'isthmus' };

it('a bootstrap override is one that Envoy reads, with the cluster that filters ask for routes', () => {
  const { staticResources } = fromJson('envoy.config.bootstrap.v3.Bootstrap', JSON.parse(bootstrapOverride(server)));
  expect(staticResources?.clusters).toMatchObject([
    {
      name: 'aeraki-xds',
      loadAssignment: {
        endpoints: [
          {
            lbEndpoints: [
              { endpoint: { address: { socketAddress: { address: 'isthmus.mesh.svc', portValue: 15011 } } } },
            ],
          },
        ],
      },
    },
  ]);
});

it('it believes nobody else of the mesh', () => {
  expect(bootstrapOverride(server)).toContain('"suffix": "/ns/mesh/sa/isthmus"');
});

it('it makes the proxy say what EnvoyFilters ask for', () => {
  const { node } = fromJson('envoy.config.bootstrap.v3.Bootstrap', JSON.parse(bootstrapOverride(server)));
  expect(node?.metadata?.fields).toEqual({ ISTHMUS_PROXY_KIND: { stringValue: 'istio-sidecar' } });
});
