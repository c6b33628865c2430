import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { buildMesh } from '../mesh.ts';
import { collectionsOf, metaRouter, serviceEntry } from '../mesh-fixture.ts';
import { trafficSetting } from '../openservicemesh/osm-policy-fixture.ts';

function mesh(rule: AnyResource) {
  const engine = new Engine({ validate: true });
  const byKey = { key: (value: { readonly key: string }) => value.key };
  const resources = engine.table<AnyResource>('resources', byKey);
  const leases = engine.table<VirtualIpLease>('leases', byKey);
  const registered = engine.table<RegisteredService>('registered', byKey);
  const own = { key: (value: string) => value };
  const [proxyAddresses, quietMigrations] = [engine.table('proxies', own), engine.table('quiet', own)];
  for (const table of [resources, leases, registered, proxyAddresses, quietMigrations]) table.setState('live');
  buildMesh(engine, {
    resources: collectionsOf(engine, resources),
    leases,
    registered,
    quietMigrations,
    proxyAddresses,
  });
  const endpoints = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address }));
  engine.batch(() => {
    resources.set(serviceEntry('shop/pay', { hosts: ['pay.example'], endpoints }));
    resources.set(rule);
  });
  const found = () =>
    [...engine.findings.values()].filter(({ code }) => code === 'ISTH0710').map(({ message }) => message);
  const stand = (address: string) => engine.batch(() => proxyAddresses.set(address));
  return { found, stand };
}

const bucket = { tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: 1000 } };
const rate = { count: 1, per: 1000, burst: 0 };
const route = { path: '/', local: { ...rate, status: 429, headers: [] }, descriptors: [] };

it.each([
  ['spec.localRateLimit', metaRouter('shop/pay', { hosts: ['pay.example'], localRateLimit: bucket })],
  ['spec.rateLimit', trafficSetting('shop/pay', 'pay.example', { localTcp: rate })],
  ['spec.httpRoutes', trafficSetting('shop/pay', 'pay.example', { httpRoutes: [route] })],
])('a limit is told of as long as a workload stands without a proxy: %s', (path, rule) => {
  const { found, stand } = mesh(rule);
  expect(found()).toEqual([
    `No proxy stands at 2 of 2 endpoints of pay.example (10.0.0.1, 10.0.0.2): ${path} is not enforced there.`,
  ]);
  stand('10.0.0.1');
  expect(found()).toEqual([
    `No proxy stands at 1 of 2 endpoints of pay.example (10.0.0.2): ${path} is not enforced there.`,
  ]);
  stand('10.0.0.2');
  expect(found()).toEqual([]);
});

it('what bounds callers alone needs no proxy beside the workload', () => {
  expect(mesh(trafficSetting('shop/pay', 'pay.example', { connections: { maxConnections: 1 } })).found()).toEqual([]);
});
