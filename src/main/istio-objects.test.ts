import { describe, expect, it, test } from 'vitest';
import { Engine } from '../collections/engine.ts';
import { endpointSlice, kubernetesService, metaRouter, pod, serviceEntry } from '../mesh/mesh-fixture.ts';
import { meshKey } from '../mesh/settings.ts';
import type { AnyResource, Gateway, ServiceEntry } from '../resources/kinds.ts';
import { BatchSink } from '../sources/batch-sink.ts';
import { buildPipeline, type Pipeline } from './pipeline.ts';

const entry = (name: string, spec: Partial<ServiceEntry['spec']> = {}): ServiceEntry =>
  serviceEntry(`shop/${name}`, {
    hosts: [`${name}.mesh`],
    addresses: ['10.1.0.1'],
    ports: [{ number: 80, name: 'tcp-thrift' }],
    resolution: 'STATIC',
    endpoints: [{ address: '10.0.0.1' }],
    ...spec,
  });

function pipelineOf(...objects: readonly AnyResource[]): Pipeline {
  const pipeline = buildPipeline(new Engine({ validate: true }));
  pipeline.engine.batch(() => {
    const sink = new BatchSink(pipeline.sourced);
    for (const one of objects) sink.set(one);
  });
  return pipeline;
}

const keysOf = ({ istioObjects }: Pipeline): readonly string[] =>
  [...istioObjects.keys()].map((key) => key.replace(/-[0-9a-f]{10}$/, '')).sort();

describe('what Istio is told', () => {
  it('is nothing while nobody writes', () => {
    expect(keysOf(pipelineOf(entry('a')))).toEqual([]);
  });

  it('is no ServiceEntry that Istio reads already', () => {
    const pipeline = pipelineOf(entry('a'));
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: false }));
    expect(keysOf(pipeline)).toEqual(['EnvoyFilter/istio-system/outbound-a.mesh-80', 'ServiceEntry/shop/a.mesh']);
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
    expect(keysOf(pipeline)).toEqual(['EnvoyFilter/istio-system/outbound-a.mesh-80']);
  });

  it('is, of a host that only Istio gave an address to, a filter there, and of one without any a finding', () => {
    const { addresses: _, ...without } = entry('a').spec;
    const given = { ...entry('a'), spec: { ...without, allocated: [{ address: '240.240.0.7', host: 'a.mesh' }] } };
    const pipeline = pipelineOf(given, { ...entry('b'), spec: { ...without, hosts: ['b.mesh'] } });
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
    expect(JSON.stringify([...pipeline.istioObjects.values()])).toContain('"name":"240.240.0.7_80"');
    const findings = [...pipeline.engine.findings.values()].filter(({ code }) => code === 'ISTH0714');
    expect(findings.map(({ object }) => object.name)).toEqual(['b']);
  });

  it('is, of an address that can be written in several ways, a filter where Istio calls the listener as it is written', () => {
    const written = entry('a', { addresses: ['2001:DB8:0::5', '10.1.0.1/32'] });
    const pipeline = pipelineOf(written);
    const listeners = (sharesObjects: boolean): readonly string[] => {
      pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects }));
      const text = JSON.stringify([...pipeline.istioObjects.values()]);
      return [...text.matchAll(/"name":"([^"]*_80)"/g)].map(([, name = '']) => name);
    };
    expect(listeners(true)).toEqual(['2001:DB8:0::5_80', '10.1.0.1_80']);
    expect(listeners(false)).toEqual(['2001:db8::5_80', '10.1.0.1_80']);
  });

  it('is nothing of a listener that is for others, whoever writes down their addresses', () => {
    const conditions = { ready: true, serving: true, terminating: false };
    const at = ['10.96.0.5', '10.0.0.7', '10.0.0.8', '240.241.0.1'];
    const headless = kubernetesService('attic/x', {
      clusterIPs: ['None'],
      ports: [{ name: 'tcp-metaprotocol-thrift', port: 80, protocol: 'TCP' }],
    });
    const pipeline = pipelineOf(
      kubernetesService('shop/web', { clusterIPs: ['10.96.0.5'] }),
      pod('shop/web-1', { ips: ['10.0.0.7'] }),
      headless,
      endpointSlice('attic/x', {
        serviceName: 'x',
        endpoints: at.map((address) => ({ addresses: [address], conditions })),
        ports: [{ name: 'tcp-metaprotocol-thrift', port: 80, protocol: 'TCP' }],
      }),
      entry('any', { addresses: ['0.0.0.0', '::/128'] }),
      entry('near', { addresses: ['10.0.0.9'] }),
      pod('pay/db-1', { ips: ['10.0.0.9'] }),
    );
    pipeline.engine.batch(() => {
      pipeline.leases.set({ key: 'shop/orders.mesh', ipv4: '240.241.0.1', state: 'bound', since: 0 });
      pipeline.istioWriting.set({ revision: 'r', sharesObjects: true });
    });
    const text = JSON.stringify([...pipeline.istioObjects.values()]);
    expect([...text.matchAll(/"name":"([^"]*_80)"/g)].map(([, name]) => name)).toEqual(['10.0.0.8_80']);
    const findings = [...pipeline.engine.findings.values()].filter(({ code }) => code === 'ISTH0714');
    expect(findings.map(({ object }) => object.name).sort()).toEqual(['any', 'near', 'x']);
  });

  it('is, of several hosts that Istio gave addresses to, a filter at the address of each', () => {
    const { addresses: _, ...without } = entry('a').spec;
    const allocated = [
      { address: '240.240.0.7', host: 'a.mesh' },
      { address: '240.240.0.8', host: 'b.mesh' },
    ];
    const pipeline = pipelineOf({ ...entry('a'), spec: { ...without, hosts: ['a.mesh', 'b.mesh'], allocated } });
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
    const filters = [...pipeline.istioObjects.values()].map((one) => JSON.stringify(one));
    const at = (address: string) => filters.filter((text) => text.includes(`"name":"${address}_80"`));
    expect([at('240.240.0.7').length, at('240.240.0.8').length]).toEqual([1, 1]);
    expect(at('240.240.0.7')).not.toEqual(at('240.240.0.8'));
    expect([...pipeline.engine.findings.values()].filter(({ code }) => code === 'ISTH0714')).toEqual([]);
  });

  it('is a ServiceEntry and a filter that wait for their address, be there none, a tombstone, or one that is bound', () => {
    const { addresses: _, ...spec } = entry('a').spec;
    const pipeline = pipelineOf({ ...entry('a'), spec });
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: false }));
    const both = ['EnvoyFilter/istio-system/outbound-a.mesh-80', 'ServiceEntry/shop/a.mesh'];
    const awaited = () => [...pipeline.istioObjects.values()].filter((one) => one.awaitsAddress === true).length;
    expect([keysOf(pipeline), awaited()]).toEqual([both, 2]);
    const lease = { key: 'shop/a.mesh', ipv4: '240.241.0.9', since: 1 } as const;
    pipeline.engine.batch(() => pipeline.leases.set({ ...lease, state: 'tombstone' }));
    expect([keysOf(pipeline), awaited()]).toEqual([both, 2]);
    pipeline.engine.batch(() => pipeline.leases.set({ ...lease, state: 'bound' }));
    expect([keysOf(pipeline), awaited()]).toEqual([both, 0]);
    expect(JSON.stringify([...pipeline.istioObjects.values()])).toContain('"addresses":["240.241.0.9"]');
  });

  it('is without an address where it is known that there is none', () => {
    const { addresses: _, ...spec } = entry('a').spec;
    const pipeline = pipelineOf({ ...entry('a'), spec });
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: false }));
    pipeline.engine.batch(() => pipeline.addressless.set('shop/a.mesh'));
    expect(keysOf(pipeline)).toEqual(['ServiceEntry/shop/a.mesh']);
    expect([...pipeline.istioObjects.values()].map(({ awaitsAddress }) => awaitsAddress)).toEqual([undefined]);
    const off = pipelineOf({ ...entry('a'), spec });
    off.engine.batch(() => off.istioWriting.set({ revision: 'r', sharesObjects: false }));
    off.engine.batch(() => off.keptRanges.set({ ipv4: ['10.0.0.0/32'], ipv6: [], quarantine: 0 }));
    expect([...off.istioObjects.values()].map(({ awaitsAddress }) => awaitsAddress)).toEqual([undefined]);
  });

  it('changes by a MetaRouter for its own host alone', () => {
    const meta = {
      ports: [{ number: 80, name: 'tcp-metaprotocol-thrift' }],
      workloadSelector: { labels: { app: 'x' } },
    };
    const { endpoints: _, ...spec } = entry('a', meta).spec;
    const names = ['a', 'b', 'c'];
    const pipeline = pipelineOf(
      ...names.map((name, n) => ({
        ...entry(name),
        spec: { ...spec, hosts: [`${name}.mesh`], addresses: [`10.1.0.${n}`] },
      })),
    );
    pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
    const changed: string[] = [];
    pipeline.engine.sink(pipeline.istioObjects, (diff) => changed.push(...diff.map(({ key }) => key)));
    changed.length = 0;
    const tokenBucket = { maxTokens: 1, tokensPerFill: 1, fillInterval: 1000 };
    pipeline.engine.batch(() =>
      pipeline.sourced.resources.MetaRouter.set(
        metaRouter('shop/b', { hosts: ['b.mesh'], localRateLimit: { tokenBucket } }),
      ),
    );
    expect(changed).toEqual([expect.stringMatching(/^EnvoyFilter\/shop\/inbound-b\.mesh-80-/)]);
  });
});

test('a Gateway is told that Istio alone listens for it, and beside Istio, whose it is, nothing', () => {
  const pipeline = buildPipeline(new Engine({ validate: true }));
  const metadata = { namespace: 'shop', name: 'edge', labels: {}, annotations: {} };
  const gateway: Gateway = {
    kind: 'Gateway',
    apiVersion: 'networking.istio.io/v1',
    key: 'Gateway/shop/edge',
    metadata,
    spec: { selector: {}, servers: [] },
  };
  pipeline.engine.batch(() => pipeline.sourced.resources.Gateway.set(gateway));
  const told = () => [...pipeline.engine.findings.values()].map(({ code, remedy }) => `${code} ${remedy}`);
  expect(told()).toEqual(['ISTH0320 Nothing, where Istio is; elsewhere do not rely on it.']);
  pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
  expect(told()).toEqual([]);
  pipeline.engine.batch(() => pipeline.istioWriting.delete(meshKey));
  expect(told()).toHaveLength(1);
});

test('ranges from which Istio gives addresses as well are told of, where Istio reads what we write', () => {
  const pipeline = buildPipeline(new Engine({ validate: true }));
  const told = () => [...pipeline.engine.findings.values()].map(({ code, message }) => `${code} ${message}`);
  const use = (...ipv4: readonly string[]) =>
    pipeline.engine.batch(() => pipeline.keptRanges.set({ ipv4, ipv6: [], quarantine: 0 }));
  use('240.240.7.0/24');
  expect(told()).toEqual([]);
  pipeline.engine.batch(() => pipeline.istioWriting.set({ revision: 'r', sharesObjects: true }));
  expect(told()).toEqual([
    'ISTH1711 240.240.7.0/24 and 240.240.0.0/16, from which Istio gives addresses, have addresses in common.',
  ]);
  use('240.241.0.0/16');
  expect(told()).toEqual([]);
});
