import { expect, it } from 'vitest';
import { describeInFull } from '../../cli/commands/describe.ts';
import { Engine } from '../../collections/engine.ts';
import { meshConfig, serviceEntry } from '../../mesh/mesh-fixture.ts';
import { egress, ingressBackend, retry, trafficSetting } from '../../mesh/openservicemesh/osm-policy-fixture.ts';
import { trafficSplit } from '../../mesh/routing/traffic-split-fixture.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { BatchSink } from '../../sources/batch-sink.ts';
import { setStates } from '../../sources/resource-tables.ts';
import { buildPipeline } from '../pipeline.ts';
import { describeService } from './service-description.ts';

const place = { file: 'mesh.yaml', line: 7, column: 1 };
const service = (name: string, address: string) =>
  serviceEntry(`shop/${name}`, {
    hosts: [`${name}.shop.mesh`],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 }],
    endpoints: [{ address, labels: {}, serviceAccount: name }],
  });

function textOf(host: string, ...objects: readonly AnyResource[]): string {
  const engine = new Engine();
  const pipeline = buildPipeline(engine, { everyAddress: true });
  engine.batch(() => {
    setStates(pipeline.sourced, 'live');
    const sink = new BatchSink(pipeline.sourced);
    for (const object of objects) sink.set(object);
  });
  const found = describeService(pipeline, host);
  if (found === undefined) return '';
  return describeInFull(found);
}

it('shows each policy that is in force for a service, with its object and its place in a file', () => {
  const text = textOf(
    'api.shop.mesh',
    meshConfig('isthmus-system/mesh', { access: { mode: 'Enforced' } }),
    service('api', '10.0.0.1'),
    service('next', '10.0.0.2'),
    trafficSplit('shop/canary', 'api.shop.mesh', { 'api.shop.mesh': 90, 'next.shop.mesh': 10 }, { place }),
    retry('shop/again', 'shop/web', ['shop/api.shop.mesh'], { place, spec: { perTryTimeout: 1000, numRetries: 3 } }),
    trafficSetting(
      'shop/limits',
      'api.shop.mesh',
      {
        connections: { maxConnections: 5 },
        localHttp: { count: 3, per: 60_000, burst: 2, status: 429, headers: [] },
      },
      { place },
    ),
    ingressBackend('shop/door', { backends: [{ name: 'api.shop.mesh', port: 8080 }] }, { place }),
  );
  expect(text.split('\n').slice(5)).toEqual([
    '  Port 80 (http): http',
    '    Split: everything -> api.shop.mesh:80 90 %, next.shop.mesh:80 10 %, by TrafficSplit shop/canary (mesh.yaml:7:1)',
    '    Endpoint 10.0.0.1:8080 healthy, weight 1, spiffe://cluster.local/ns/shop/sa/api',
    '  Retried for shop/web: at most 3 times after 5xx, each try within 1 s, first after about 25 ms, by Retry shop/again (mesh.yaml:7:1)',
    "  Limit: each caller's proxy: at most 5 connections, by UpstreamTrafficSetting shop/limits (mesh.yaml:7:1)",
    '  Limit: requests at each workload: 3 every 60 s, and 2 more at once, else status 429, by UpstreamTrafficSetting shop/limits (mesh.yaml:7:1)',
    '  From outside: port 8080 of the workload takes everything from 10.0.0.0/8 in plain text, by IngressBackend shop/door (mesh.yaml:7:1)',
  ]);
});

it('shows who may reach a host outside the mesh, and that it is found by DNS', () => {
  const text = textOf('out.example.com', egress('shop/out', { hosts: ['out.example.com'] }, { place }));
  expect(text.split('\n').slice(5)).toEqual([
    '  Port 80 (http-80): http',
    '    No endpoints of its own: it is outside the mesh, and found by its name in DNS.',
    '  Egress: port 80 (http) for shop/buyer: everything, by Egress shop/out (mesh.yaml:7:1)',
  ]);
});
