import { expect, test } from 'vitest';
import { Engine } from '../collections/engine.ts';
import { serviceEntry, sidecar } from '../mesh/mesh-fixture.ts';
import { proxyNode } from '../model/proxy-fixture.ts';
import type { AnyResource } from '../resources/kinds.ts';
import { BatchSink } from '../sources/batch-sink.ts';
import { setStates } from '../sources/resource-tables.ts';
import { buildPipeline } from './pipeline.ts';
import { ProxyScopes } from './proxy-scopes.ts';

test('of the namespaces that a Sidecar names, those alone make scopes whose hosts others have as well', () => {
  const engine = new Engine();
  const pipeline = buildPipeline(engine);
  const set = (...objects: readonly AnyResource[]): void =>
    engine.batch(() => {
      const sink = new BatchSink(pipeline.sourced);
      for (const object of objects) sink.set(object);
    });
  engine.batch(() => setStates(pipeline.sourced, 'live'));
  const proxy = proxyNode('web');
  const scopes = new ProxyScopes(pipeline);
  const seen = (): readonly string[] => scopes.scopesOf(proxy, scopes.of(proxy));
  const alone = seen();
  const hosts = Array.from({ length: 20_000 }, (_, at) => `n${at}/*`);
  set(sidecar('shop/default', { egress: [{ hosts, unread: [] }] }), serviceEntry('n1/a', { hosts: ['a.mesh'] }));
  expect(seen()).toEqual(alone);

  const concerned: boolean[] = [];
  scopes.onChange((concerns) => concerned.push(concerns(proxy)));
  concerned.length = 0;
  set(serviceEntry('n2/a', { hosts: ['a.mesh'] }));
  expect(concerned).toEqual([true]);
  expect(seen().filter((scope) => !alone.includes(scope))).toEqual(['envoy!n1', 'all!n1', 'envoy!n2', 'all!n2']);
});
