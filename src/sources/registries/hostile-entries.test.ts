import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryInstance, RegistryService } from '../../model/registry.ts';
import { TestClock } from '../../model/test-clock.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { registryService as consulService } from './consul/consul-mapping.ts';
import { readHealthEntries } from './consul/health-entries.ts';
import { readNames } from './consul/name-list.ts';
import { parseApplicationInstance } from './dubbo/application-instance.ts';
import { parseConsumer, parseProvider } from './dubbo/provider-url.ts';
import { readInstance as readEtcdInstance } from './etcd/instance-value.ts';
import { ApplicationsScanner } from './eureka/applications-scanner.ts';
import { membershipsOf } from './eureka/eureka-mapping.ts';
import { readInstance as readEurekaInstance } from './eureka/instance-record.ts';
import { FollowedService } from './nacos/followed-service.ts';
import { responseFromJson } from './polaris/polaris-json.ts';
import { registryService as polarisService } from './polaris/polaris-mapping.ts';
import { readServiceList } from './polaris/service-list.ts';
import { RegistryBridge } from './registry-bridge.ts';

/** What a tenant may write: anything that JSON can say, in the shapes that parsers look at, half surrogate pairs included. */
const key = fc.oneof(
  fc.constantFrom('port', 'metadata', 'weight', 'valueOf', 'toString', '__proto__', 'constructor', '$', '@enabled'),
  fc.string({ unit: 'binary' }),
);
const text = fc.oneof(fc.constantFrom('', '\ud800', 'a\udc00b', '1e999', ':'.repeat(5_000)), fc.string());
const { value: hostile } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant({ valueOf: 1, toString: 1 }),
    fc.integer({ min: 1, max: 2_000 }).map(nested),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

/** What has hurt before. */
const worst = fc.constantFrom<unknown>('\ud800', { valueOf: 1, toString: 1 }, nested(2_000), -1, 1e300);

/** Members by the names that the parser knows, some of them hostile and some missing, and others beside. */
function shaped(good: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(good).map(([name, value]) => [name, fc.oneof(fc.constant(value), worst, hostile)]),
  );
  return fc.oneof(hostile, fc.record(members, { requiredKeys: [] }));
}

const name = { namespace: '', group: '', name: 'a' };
const addresses = (service: RegistryService | undefined): readonly string[] =>
  service?.instances.map(({ address }) => address) ?? [];

/** Whatever a client makes of it has to be taken, too, and shows that the good one is in force. */
function inForce(service: RegistryService): readonly string[] {
  const bridge = new RegistryBridge({
    registry: testRegistry(),
    known: [],
    own: { ranges: [], places: [] },
    clock: new TestClock(),
    onChange: () => {},
  });
  bridge.accept([{ kind: 'service', service, trust: 'complete' }]);
  bridge.findings();
  const [current] = bridge.current();
  return addresses(current);
}

const instances = (...list: readonly (RegistryInstance | undefined)[]): RegistryService => ({
  ...name,
  metadata: {},
  instances: list.filter((one) => one !== undefined),
  isProtected: false,
});

describe('no entry that a tenant writes throws, or takes the good one beside it: in', () => {
  const good = '10.255.0.1';

  it('etcd', () => {
    const value = { address: good, port: 80, protocol: 'http', weight: 1, metadata: {}, healthy: true, region: 'r' };
    const whole = readEtcdInstance({}, 'good', JSON.stringify(value));
    const names = fc.constantFrom({}, { port: 'a.port', address: 'address', metadata: 'a' });
    fc.assert(
      fc.property(shaped({ ...value, a: { port: 80 } }), names, (evil, fields) => {
        const read = readEtcdInstance(fields, 'evil', JSON.stringify(evil));
        expect(inForce(instances(read, whole))).toContain(good);
      }),
    );
  });

  it("Dubbo's applications, of ZooKeeper as of etcd", () => {
    const endpoints = JSON.stringify([{ port: 20_880, protocol: 'tri' }]);
    const value = { id: 'x', address: good, port: 80, enabled: true, payload: { metadata: {} }, metadata: {} };
    const whole = parseApplicationInstance(JSON.stringify({ ...value, id: 'good' }));
    const payload = hostile.map((one) => ({ metadata: { 'dubbo.endpoints': JSON.stringify(one), weight: endpoints } }));
    fc.assert(
      fc.property(shaped(value), fc.option(payload), (evil, more) => {
        const json = JSON.stringify(more === null ? evil : { ...value, payload: more });
        expect(inForce(instances(parseApplicationInstance(json), whole))).toContain(good);
      }),
    );
  });

  it("Dubbo's interfaces", () => {
    const whole = parseProvider(encodeURIComponent(`dubbo://${good}:20880/a.B?application=x`))?.instance;
    const url = fc
      .tuple(text, text, fc.string(), fc.webUrl())
      .map(([host, path, rest, web]) => [
        `dubbo://${host}:1/${path}?${rest}`,
        `consumer://${host}/${path}?${rest}`,
        web,
        rest,
      ]);
    fc.assert(
      fc.property(url, fc.boolean(), (urls, isEncoded) => {
        for (const one of urls) {
          const node = isEncoded ? encodeURIComponent(one.toWellFormed()) : one;
          parseConsumer(node);
          expect(inForce(instances(parseProvider(node)?.instance, whole))).toContain(good);
        }
      }),
    );
  });

  it('Consul', () => {
    const node = { Node: 'n', Address: good, Meta: {}, Datacenter: 'dc1', ModifyIndex: 1 };
    const service = {
      ID: 'a',
      Service: 'a',
      Address: good,
      Port: 80,
      Tags: ['a=b'],
      Meta: {},
      Weights: { Passing: 1 },
    };
    const evil = fc.oneof(
      hostile,
      fc.record({ Node: shaped(node), Service: shaped({ ...service, ID: 'evil' }), Checks: hostile }),
    );
    fc.assert(
      fc.property(evil, (one) => {
        const entries = readHealthEntries([one, { Node: node, Service: service, Checks: [] }]);
        const read = consulService(name, entries ?? []);
        expect(inForce(read ?? instances())).toContain(good);
        const list = Buffer.from(JSON.stringify({ a: ['tag'], b: [one, 'tag'] }));
        expect([...(readNames(list, () => true, false)?.keys() ?? [])]).toEqual(expect.arrayContaining(['a', 'b']));
      }),
    );
  });

  it.each(['a', 'providers:a:1:'])('Nacos, for the service %s', (raw) => {
    const host = { ip: good, port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'c' };
    const metadata = shaped({ protocol: 'tri', path: 'p', 'dubbo.endpoints': '[]', weight: '1' });
    const evil = fc.oneof(
      shaped({ ...host, ip: '10.255.0.2' }),
      metadata.map((one) => ({ ...host, ip: '10.255.0.2', metadata: one })),
    );
    fc.assert(
      fc.property(evil, (one) => {
        const followed = new FollowedService(name);
        followed.take(followed.part({ ...name, name: raw }), { hosts: [one, host], isProtected: false });
        const answer = followed.answer();
        expect(answer?.kind === 'service' ? inForce(answer.service) : []).toContain(good);
      }),
    );
  });

  it('Polaris', () => {
    const instance = {
      id: 'evil',
      host: good,
      port: 80,
      protocol: 'grpc',
      weight: 1,
      healthy: true,
      location: {},
      metadata: {},
    };
    const service = { name: 'x', namespace: 'n', metadata: {}, revision: 'r' };
    fc.assert(
      fc.property(shaped(instance), shaped(service), (one, other) => {
        const answer = { code: 200_000, type: 'INSTANCE', instances: [one, { ...instance, id: 'good' }] };
        const read = responseFromJson(JSON.stringify(answer));
        expect(inForce(polarisService(name, {}, read.instances ?? []))).toContain(good);
        const list = { code: 200_000, type: 'SERVICES', services: [other, { name: 'good', namespace: 'n' }] };
        const { services } = readServiceList('', responseFromJson(JSON.stringify(list)));
        expect(services.map((found) => found.name.name)).toContain('good');
      }),
    );
  });

  it('Eureka', () => {
    const value = {
      app: 'A',
      instanceId: 'evil',
      ipAddr: good,
      status: 'UP',
      port: { $: 80, '@enabled': 'true' },
      securePort: 443,
      vipAddress: 'v,w',
      metadata: { zone: 'z' },
      dataCenterInfo: { name: 'Amazon', metadata: {} },
      leaseInfo: { registrationTimestamp: 1 },
    };
    fc.assert(
      fc.property(shaped(value), fc.constantFrom('application' as const, 'vip' as const), (one, names) => {
        const read: RegistryInstance[] = [];
        const scanner = new ApplicationsScanner((json, application) => {
          const members = membershipsOf(readEurekaInstance(json, application), names);
          read.push(...members.map(({ instance }) => instance));
        });
        // Elements of a list that are arrays are of no server: such an answer is refused as a whole.
        const evil = Array.isArray(one) ? { metadata: one } : one;
        const instance = [evil, { ...value, instanceId: 'good' }];
        scanner.write(Buffer.from(JSON.stringify({ applications: { application: [{ name: 'A', instance }] } })));
        scanner.end();
        expect(inForce(instances(...read))).toContain(good);
      }),
    );
  });
});
