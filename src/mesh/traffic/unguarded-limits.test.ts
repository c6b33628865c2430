import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { buildMesh } from '../mesh.ts';
import { collectionsOf, metaRouter, serviceEntry } from '../mesh-fixture.ts';

function mesh() {
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
  const limit = { tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: 1000 } };
  const endpoints = ['10.0.0.1', '10.0.0.2'].map((address) => ({ address }));
  engine.batch(() => {
    resources.set(serviceEntry('shop/pay', { hosts: ['pay.example'], endpoints }));
    resources.set(metaRouter('shop/pay', { hosts: ['pay.example'], localRateLimit: limit }));
  });
  const found = () =>
    [...engine.findings.values()].filter(({ code }) => code === 'ISTH0710').map(({ message }) => message);
  const stand = (address: string) => engine.batch(() => proxyAddresses.set(address));
  return { found, stand };
}

it('a limit is told of as long as a workload stands without a proxy', () => {
  const { found, stand } = mesh();
  expect(found()).toEqual([
    'No proxy stands at 2 of 2 endpoints of pay.example (10.0.0.1, 10.0.0.2): spec.localRateLimit is not enforced there.',
  ]);
  stand('10.0.0.1');
  expect(found()).toEqual([
    'No proxy stands at 1 of 2 endpoints of pay.example (10.0.0.2): spec.localRateLimit is not enforced there.',
  ]);
  stand('10.0.0.2');
  expect(found()).toEqual([]);
});
