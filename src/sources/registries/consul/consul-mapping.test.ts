import { describe, expect, it } from 'vitest';
import { registryService } from './consul-mapping.ts';
import { readHealthEntries } from './health-entries.ts';

const name = { namespace: '', group: '', name: 'orders' };

/** As Consul 1.21 answers it. */
const entry = (service: object = {}, checks: readonly object[] = [], node: object = {}) => ({
  Node: { ID: '', Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1', TaggedAddresses: null, Meta: null, ...node },
  Service: {
    ID: 'orders-1',
    Service: 'orders',
    Tags: [],
    Address: '',
    Meta: null,
    Port: 8081,
    Weights: { Passing: 5, Warning: 2 },
    ...service,
  },
  Checks: checks,
});
const check = (CheckID: string, Status: string) => ({ Node: 'n1', CheckID, Status, ServiceID: '' });
const mapped = (...entries: readonly object[]) => registryService(name, readHealthEntries(entries) ?? []);
const first = (...entries: readonly object[]) => mapped(...entries)?.instances[0];

describe('an instance in Consul', () => {
  it('stands at its own address, or else at that of its node', () => {
    expect(first(entry())?.address).toBe('10.0.0.1');
    expect(first(entry({ Address: '10.9.9.9' }))?.address).toBe('10.9.9.9');
    expect(first(entry({ Address: '2001:db8::1' }))?.address).toBe('2001:db8::1');
  });

  it('without a port is shown with port 0, for the trust policy to refuse', () => {
    expect(first(entry({ Port: 0 }))?.ports).toEqual([{ name: '', number: 0, protocol: '' }]);
    expect(first(entry({ Port: undefined }))?.ports[0]?.number).toBe(0);
  });

  it('has an id that no instance on another node has', () => {
    const ids = mapped(
      entry({ ID: 'b/c' }, [], { Node: 'a' }),
      entry({ ID: 'c' }, [], { Node: 'a/b' }),
      entry({ ID: 'c' }, [], { Node: 'a' }),
    )?.instances.map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    { checks: [], health: 'unknown', isolated: false, weight: 5 },
    { checks: [check('serfHealth', 'passing')], health: 'up', isolated: false, weight: 5 },
    { checks: [check('serfHealth', 'passing'), check('a', 'warning')], health: 'up', isolated: false, weight: 2 },
    { checks: [check('serfHealth', 'critical'), check('a', 'passing')], health: 'down', isolated: false, weight: 5 },
    { checks: [check('a', 'warning'), check('b', 'critical')], health: 'down', isolated: false, weight: 2 },
    {
      checks: [check('a', 'passing'), check('_node_maintenance', 'critical')],
      health: 'up',
      isolated: true,
      weight: 5,
    },
    { checks: [check('_service_maintenance:orders-1', 'critical')], health: 'unknown', isolated: true, weight: 5 },
  ])('with the checks $checks is $health', ({ checks, ...expected }) => {
    expect(first(entry({}, checks))).toMatchObject(expected);
  });

  it('has the weight 1 where Consul says none, and 0 where it says so', () => {
    expect(first(entry({ Weights: undefined }))?.weight).toBe(1);
    expect(first(entry({ Weights: { Passing: 0 } }))?.weight).toBe(0);
    expect(first(entry({ Weights: { Passing: -3 } }))?.weight).toBe(1);
  });

  it('bears its tags and metadata; of both, the metadata counts', () => {
    const tags = ['version|v2', 'zone=z1', 'canary', 'a|b=c', '|odd', 'secure=', 'owner|them'];
    const meta = { owner: 'us', protocol: 'grpc', external: 'true', count: 3 };
    expect(first(entry({ Tags: tags, Meta: meta }))?.metadata).toEqual({
      version: 'v2',
      zone: 'z1',
      canary: 'canary',
      a: 'b=c',
      '|odd': '|odd',
      secure: '',
      owner: 'us',
      protocol: 'grpc',
      external: 'true',
    });
  });

  it('is in the region and zone that the servers know, and else in its datacenter', () => {
    const locality = (...entries: readonly object[]) => first(...entries)?.locality;
    expect(locality(entry())).toEqual({ region: 'dc1', zone: '', subzone: '' });
    expect(locality(entry({}, [], { Meta: { zone: 'z1' } }))).toEqual({ region: 'dc1', zone: 'z1', subzone: '' });
    const node = { Meta: { zone: 'z1' }, Locality: { Region: 'south', Zone: 's1' } };
    expect(locality(entry({}, [], node))).toEqual({ region: 'south', zone: 's1', subzone: '' });
  });
});

describe('a service in Consul', () => {
  it('is none where it has nothing but proxies and gateways', () => {
    expect(mapped(entry({ Kind: 'connect-proxy' }), entry({ Kind: 'mesh-gateway' }))).toBeUndefined();
    expect(mapped(entry({ Kind: 'connect-proxy' }), entry())?.instances).toHaveLength(1);
    expect(mapped()?.instances).toEqual([]);
  });

  it('is not read from what is no list of instances', () => {
    for (const odd of [null, {}, 'x', [null], [{}], [{ Node: {}, Service: {} }]])
      expect(readHealthEntries(odd)).toBeUndefined();
    expect(readHealthEntries([7, entry(), {}])).toHaveLength(1);
  });

  it('is read though members are not what they should be', () => {
    const odd = {
      Tags: [1, null, 'x'],
      Meta: { a: 1, ['__proto__']: 'y' },
      Address: 7,
      Port: '80',
      Weights: [],
      Kind: null,
    };
    expect(first(entry(odd, [{}, { CheckID: 3, Status: 'passing' }], { Address: null }))).toMatchObject({
      address: '',
      ports: [{ number: 0 }],
      weight: 1,
    });
  });
});
