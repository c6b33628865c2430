import { describe, expect, it } from 'vitest';
import { createResourceReader } from '../reader.ts';

const reader = createResourceReader();
const base = { into: 'Mesh', publisher: 'east' };
const read = (spec: object) => {
  const { resource, findings } = reader.read({
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'ServiceRegistry',
    metadata: { name: 'polaris' },
    spec: { type: 'Polaris', addresses: ['polaris.corp:8091'], ...spec },
  });
  return { spec: resource?.spec, problems: findings.map(({ path, message }) => `${path}: ${message}`) };
};

describe('publish of a ServiceRegistry', () => {
  it('is off unless it is written, and is called by host then', () => {
    expect(read({}).spec).not.toHaveProperty('publish');
    expect(read({ publish: { into: 'Mesh', publisher: 'east', namespaces: ['shop'] } })).toMatchObject({
      problems: [],
      spec: {
        publish: {
          into: 'Mesh',
          namespaces: ['shop'],
          hosts: [],
          labels: {},
          name: '{host}',
          publisher: 'east',
          ttl: 5_000,
        },
      },
    });
  });

  it.each<[string, object, string]>([
    [
      'everything at once',
      { publish: { into: 'Mesh', publisher: 'east' } },
      'say which services: give hosts, namespaces or labels',
    ],
    ['another type', { type: 'Consul', publish: { ...base, hosts: ['*'] } }, 'in registries of type Polaris only'],
    ['one name for all', { publish: { ...base, hosts: ['*'], name: 'all' } }, 'it must hold {host} or {name}'],
    ['a long life', { publish: { ...base, hosts: ['*'], ttl: '2m' } }, 'must be a duration from 1s to 60s'],
    ['no such namespace', { publish: { ...base, into: 'a b', hosts: ['*'] } }, 'spec.publish.into'],
    ['instances without a mark', { publish: { into: 'm', hosts: ['*'] } }, 'publisher'],
    ['HTTP alone', { addresses: ['http://p:8090'], publish: { ...base, hosts: ['*'] } }, 'which registering needs'],
  ])('does not take %s', (_, spec, problem) => {
    expect(read(spec).problems.join('\n')).toContain(problem);
  });
});

it('addresses of a ZooKeeper may end with a path; those of others not', () => {
  const addresses = ['zk-0.corp:2181', 'zk-1.corp:2181/tenants/a'];
  expect(read({ type: 'ZooKeeper', addresses }).problems).toEqual([]);
  expect(read({ type: 'Etcd', addresses }).problems).toEqual([expect.stringContaining('spec.addresses[1]')]);
  expect(read({ type: 'ZooKeeper', addresses: ['https://zk/a'] }).problems).toHaveLength(1);
});

it('a ServiceEntry that a registry is to fill needs no ports; any other does', () => {
  const entry = (labels: object) =>
    reader.read({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'pay', namespace: 'shop', labels },
      spec: { hosts: ['pay.shop'] },
    }).findings;
  expect(entry({ manager: 'aeraki', registry: 'polaris' })).toEqual([]);
  expect(entry({ manager: 'aeraki' }).map(({ code }) => code)).toEqual(['ISTH0217']);
});

it('an address with a password is refused, and told without it', () => {
  const { problems } = read({ addresses: ['http://bob:SEKRET@host:1', 'bob:SEKRET@host'] });
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toMatch(/SEKRET|bob/);
  expect(problems.join()).toContain('"http://***@host:1"');
});
