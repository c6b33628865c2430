import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mappedName } from './dubbo-names.ts';
import { registryInstance } from './nacos-mapping.ts';

const host = {
  instanceId: '10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@orders',
  ip: '10.0.0.1',
  port: 8080,
  weight: 1.5,
  healthy: true,
  enabled: true,
  ephemeral: true,
  clusterName: 'east',
  metadata: { version: 'v1' },
  somethingNew: [1],
};

describe('an instance of Nacos', () => {
  it('is read with its weight, health and cluster', () => {
    expect(registryInstance(host, false)).toEqual({
      id: '10.0.0.1#8080#east',
      address: '10.0.0.1',
      ports: [{ name: '', number: 8080, protocol: '' }],
      weight: 1.5,
      health: 'up',
      isolated: false,
      locality: { region: '', zone: '', subzone: '' },
      metadata: { cluster: 'east', version: 'v1' },
    });
  });

  it('that is unhealthy is down, and one that an operator disabled is isolated', () => {
    expect(registryInstance({ ...host, healthy: false, enabled: false }, false)).toMatchObject({
      health: 'down',
      isolated: true,
    });
  });

  it('keeps a cluster of its own metadata, and no weight that is none', () => {
    const odd = { ...host, weight: -1, metadata: { cluster: 'mine', number: 1 } };
    expect(registryInstance(odd, false)).toMatchObject({ metadata: { cluster: 'mine' } });
    expect(registryInstance(odd, false)).not.toHaveProperty('weight');
  });

  it('that Dubbo registered has the protocol and weight of its URL, beside the weight that an operator gave it', () => {
    const metadata = { protocol: 'tri', interface: 'com.acme.Api', weight: '50' };
    const provider = { ...host, weight: 2, metadata };
    expect(registryInstance(provider, true)).toMatchObject({ weight: 100, ports: [{ number: 8080, protocol: 'tri' }] });
    expect(registryInstance({ ...provider, weight: 0 }, true)).toMatchObject({ weight: 0 });
    expect(registryInstance({ ...provider, ip: '2001:db8::1' }, true)).toMatchObject({ ports: [{ protocol: 'tri' }] });
    const plain = { ...host, weight: 1, metadata: { interface: 'com.acme.Api', disabled: 'true' } };
    expect(registryInstance(plain, true)).toMatchObject({
      weight: 100,
      isolated: true,
      ports: [{ protocol: 'dubbo' }],
    });
  });

  it('that a Dubbo application registered has a port for each protocol', () => {
    const endpoints = '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]';
    const metadata = { 'dubbo.endpoints': endpoints, 'dubbo.metadata.revision': '1' };
    expect(registryInstance({ ...host, metadata }, false)).toMatchObject({
      ports: [
        { number: 20_880, protocol: 'dubbo' },
        { number: 50_051, protocol: 'tri' },
      ],
    });
  });

  it('that is none is passed over, whatever it holds', () => {
    const odd = [null, [], 'x', {}, { ...host, ip: '' }, { ...host, port: 0 }, { ...host, port: '80' }];
    for (const one of odd) expect(registryInstance(one, false)).toBeUndefined();
    const anything = fc.record({ ip: fc.string(), port: fc.integer(), metadata: fc.anything(), weight: fc.anything() });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), anything), fc.boolean(), (one, isProvider) => {
        registryInstance(one, isProvider);
      }),
    );
  });
});

describe("a service's name", () => {
  const named = (name: string) => mappedName({ namespace: 'public', group: 'g', name })?.name;

  it.each([
    ['orders', 'orders'],
    ['providers:com.acme.Api::', 'com.acme.Api'],
    ['providers:com.acme.Api', 'com.acme.Api'],
    ['providers:com.acme.Api:0.0.0:', 'com.acme.Api'],
    ['providers:com.acme.Api:1.2.0:', 'com.acme.Api:1.2.0'],
    ['providers:com.acme.Api:1.2.0:blue', 'com.acme.Api:1.2.0:blue'],
    ['providers:com.acme.Api::blue', 'com.acme.Api::blue'],
  ])('%s is that of %s', (name, expected) => {
    expect(named(name)).toBe(expected);
  });

  it("is none where it is that of Dubbo's consumers or rules", () => {
    for (const name of ['consumers:com.acme.Api::', 'routers:com.acme.Api::', 'configurators:x', 'providers::1.0:'])
      expect(named(name)).toBeUndefined();
  });
});
