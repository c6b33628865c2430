import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApplicationsScanner, type ListHead } from './applications-scanner.ts';
import { membershipsOf } from './eureka-mapping.ts';
import { readInstance } from './instance-record.ts';

/** As a Spring Cloud server wrote it. */
const recorded =
  '{"applications":{"versions__delta":"2","apps__hashcode":"OUT_OF_SERVICE_1_STARTING_1_","application":[{"name":"ORDERS","instance":[{"instanceId":"o2","hostName":"o2.local","app":"ORDERS","ipAddr":"10.0.0.2","status":"STARTING","overriddenStatus":"UNKNOWN","port":{"$":8080,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"countryId":1,"dataCenterInfo":{"@class":"com.netflix.appinfo.AmazonInfo","name":"Amazon","metadata":{"instance-id":"i-1","local-ipv4":"10.0.0.2","availability-zone":"us-east-1c"}},"leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1795258343405,"lastRenewalTimestamp":1795258343405,"evictionTimestamp":0,"serviceUpTimestamp":0},"metadata":{"@class":"java.util.Collections$EmptyMap"},"vipAddress":"orders","isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"1795258343405","lastDirtyTimestamp":"1795258343372","actionType":"ADDED"},{"instanceId":"o1","hostName":"o1.local","app":"ORDERS","ipAddr":"10.0.0.1","status":"OUT_OF_SERVICE","overriddenStatus":"OUT_OF_SERVICE","port":{"$":8080,"@enabled":"true"},"securePort":{"$":8443,"@enabled":"true"},"countryId":1,"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"leaseInfo":{"renewalIntervalInSecs":2,"durationInSecs":4,"registrationTimestamp":1795258343526,"lastRenewalTimestamp":1795258343526,"evictionTimestamp":0,"serviceUpTimestamp":1795258343297},"metadata":{"a":"b","zone":"z1","version":"v1"},"homePageUrl":"http://o1.local:8080/","vipAddress":"orders","secureVipAddress":"orders-secure","isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"1795258343526","lastDirtyTimestamp":"1795258343269","actionType":"ADDED"}]},{"name":"CARTS","instance":[{"instanceId":"c1","hostName":"c1.local","app":"CARTS","ipAddr":"10.0.0.3","status":"UP","overriddenStatus":"UNKNOWN","port":{"$":8081,"@enabled":"true"},"securePort":{"$":7002,"@enabled":"false"},"countryId":1,"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},"leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1795258343439,"lastRenewalTimestamp":1795258343439,"evictionTimestamp":1795258343541,"serviceUpTimestamp":1795258343440},"metadata":{"@class":"java.util.Collections$EmptyMap"},"isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"1795258343541","lastDirtyTimestamp":"1795258343439","actionType":"DELETED"}]}]}}';

interface Scanned {
  readonly head: ListHead | undefined;
  readonly instances: readonly (readonly [text: string, application: string | undefined])[];
}

function scan(bytes: Buffer, ...cuts: readonly number[]): Scanned {
  const instances: (readonly [string, string | undefined])[] = [];
  const scanner = new ApplicationsScanner((text, application) => instances.push([text, application]));
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  for (const [at, end] of ends.entries()) scanner.write(bytes.subarray(ends[at - 1] ?? 0, end));
  return { head: scanner.end(), instances };
}

const scanText = (text: string): Scanned => scan(Buffer.from(text));

describe('a list of applications', () => {
  it('of a real server is read with its counts, statuses, ports, zones and metadata', () => {
    const { head, instances } = scanText(recorded);
    expect(head).toEqual({ hash: 'OUT_OF_SERVICE_1_STARTING_1_', version: 2 });
    const records = instances.map(([text, application]) => readInstance(text, application));
    expect(records.map(({ isDeleted, updatedAt }) => [isDeleted, updatedAt])).toEqual([
      [false, 1_795_258_343_405],
      [false, 1_795_258_343_526],
      [true, 1_795_258_343_541],
    ]);
    expect(records.flatMap((record) => membershipsOf(record, 'application'))).toMatchObject([
      {
        service: 'ORDERS',
        instance: {
          id: 'o2',
          address: '10.0.0.2',
          ports: [{ name: 'http', number: 8080 }],
          health: 'down',
          isolated: false,
          locality: { region: 'us-east-1', zone: 'us-east-1c' },
          metadata: {},
        },
      },
      {
        service: 'ORDERS',
        instance: {
          id: 'o1',
          ports: [
            { name: 'http', number: 8080 },
            { name: 'https', number: 8443 },
          ],
          isolated: true,
          locality: { region: '', zone: 'z1' },
          metadata: { a: 'b', zone: 'z1', version: 'v1' },
        },
      },
      { service: 'CARTS', instance: { id: 'c1', health: 'up' } },
    ]);
  });

  it('is the same however its bytes are split', () => {
    const bytes = Buffer.from(recorded.replace('"b"', '"\u00fc\\" } ] \\\\"'));
    const whole = scan(bytes);
    fc.assert(
      fc.property(fc.array(fc.nat()), (cuts) => {
        expect(scan(bytes, ...cuts)).toEqual(whole);
      }),
    );
  });

  it('has single elements without arrays, members in any order, and others between them', () => {
    const text =
      ' {"x":[{"applications":{}}],"applications": {"application":{"instance":{"instanceId":"a","y":[[]]},"name":"A","z":{"instance":{}}},"apps__hashcode":"UP_1_","w":[1,{"instance":{}}, null,true],"versions__delta":7}}\n';
    expect(scanText(text)).toEqual({
      head: { hash: 'UP_1_', version: 7 },
      instances: [['{"instanceId":"a","y":[[]]}', undefined]],
    });
  });

  it('may be empty, or none at all', () => {
    const empty = '{"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}}';
    expect(scanText(empty)).toEqual({ head: { hash: '', version: 1 }, instances: [] });
    for (const text of ['null', '{}', '{"applications":null}', '{"error":{"applications":{}}}'])
      expect(scanText(text)).toEqual({ head: undefined, instances: [] });
  });

  it('that is cut off anywhere is none', () => {
    const bytes = Buffer.from(recorded);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (end) => {
        expect(() => scan(bytes.subarray(0, end))).toThrow('is cut off');
      }),
    );
  });

  it('of bytes that are no JSON is refused, never taken for an empty one', () => {
    for (const text of ['<applications/>', '[]', '{]', '{"applications":[}', '{} {}', '"x"', '{"a":tru}'])
      expect(() => scanText(text)).toThrow('no list of applications in JSON');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        try {
          expect(scan(Buffer.from(bytes)).instances).toEqual([]);
        } catch (error) {
          expect(String(error)).toMatch(/no list of applications|cut off/);
        }
      }),
    );
  });

  it('that nests arrays is refused at once, however deep it goes and wherever it stands', () => {
    const part = Buffer.alloc(1 << 16, '[');
    for (const begin of [
      '{"applications":',
      '{"applications":{"application":',
      '{"applications":{"application":[{"instance":',
    ]) {
      const scanner = new ApplicationsScanner(() => {});
      scanner.write(Buffer.from(begin));
      expect(() => scanner.write(part)).toThrow('no list of applications in JSON');
    }
  });

  it('with an instance or a name beyond all measure lacks that one alone', () => {
    const seen: (string | undefined)[] = [];
    const scanner = new ApplicationsScanner(
      (text, application) => seen.push(`${application} ${text}`),
      (application) => seen.push(`${application} has one that is skipped`),
    );
    const part = Buffer.alloc(1 << 16, 'x');
    scanner.write(Buffer.from('{"applications":{"application":[{"name":"A","instance":[{"metadata":{"a":"'));
    for (let at = 0; at < 17; at++) scanner.write(part);
    scanner.write(Buffer.from('"}},{"b":1}]},{"name":"'));
    scanner.write(part);
    scanner.write(Buffer.from('","instance":[{"c":1}]}],"apps__hashcode":"UP_3_"}}'));
    expect([scanner.end()?.hash, seen]).toEqual([
      'UP_3_',
      ['A has one that is skipped', 'A {"b":1}', 'undefined {"c":1}'],
    ]);
  });
});

describe('an instance', () => {
  const record = (instance: object) => readInstance(JSON.stringify(instance), 'APP');
  const mapped = (instance: object) => membershipsOf(record({ port: 80, ...instance }), 'application')[0]?.instance;

  it('of an old server has numbers as text, ports without objects, and its status in lower case words', () => {
    const old = { hostName: 'h1', port: '8080', status: 'UP', overriddenstatus: 'OUT_OF_SERVICE' };
    expect(mapped(old)).toMatchObject({ id: 'h1', ports: [{ number: 8080 }], isolated: true });
    const ports = { port: { $: '8080', '@enabled': true }, securePort: { $: '8443', '@enabled': 'false' } };
    expect(mapped(ports)?.ports.map(({ number }) => number)).toEqual([8080]);
    const secure = { port: { $: 80, '@enabled': 'false' }, securePort: { $: 8443, '@enabled': true } };
    expect(mapped(secure)?.ports).toEqual([{ name: 'https', number: 8443, protocol: 'https' }]);
  });

  it.each([
    ['UP', 'UNKNOWN', 'up', false],
    ['UP', 'OUT_OF_SERVICE', 'up', true],
    ['UP', 'DOWN', 'down', false],
    ['DOWN', 'UP', 'down', false],
    ['STARTING', '', 'down', false],
    ['OUT_OF_SERVICE', 'OUT_OF_SERVICE', 'up', true],
    ['UNKNOWN', '', 'down', false],
    ['', '', 'down', false],
  ])('whose status is %s, overridden by %s, is %s; isolated: %s', (status, overriddenStatus, health, isolated) => {
    expect(mapped({ status, overriddenStatus })).toMatchObject({ health, isolated });
  });

  it('has a weight, a protocol and a port of gRPC where its metadata tell of them', () => {
    const told = mapped({ metadata: { weight: '2.5', protocol: 'h2c', gRPC_port: 9090 } });
    expect(told?.weight).toBe(2.5);
    expect(told?.ports.map(({ number, protocol }) => `${protocol}:${number}`)).toEqual(['h2c:80', 'grpc:9090']);
    expect(mapped({ metadata: { weight: 'heavy', 'gRPC.port': '-1' } })).not.toHaveProperty('weight');
  });

  it('without a port that is enabled has one that nobody trusts, so that it is named', () => {
    expect(mapped({ port: { $: 80, '@enabled': 'false' } })?.ports).toMatchObject([{ number: 0 }]);
  });

  it('is a member of each virtual address, with the port that answers to it', () => {
    const vips = {
      instanceId: 'a',
      vipAddress: 'x, y',
      secureVipAddress: 'y,z',
      securePort: { $: 443, '@enabled': 'true' },
    };
    const members = membershipsOf(record({ port: 80, ...vips }), 'vip');
    expect(
      members.map(({ service, instance }) => [service, instance.id, instance.ports.map((port) => port.number)]),
    ).toEqual([
      ['x', 'APP/a', [80]],
      ['y', 'APP/a', [80, 443]],
      ['z', 'APP/a', [443]],
    ]);
  });

  it('is no member of more virtual addresses than anybody has, however many it names', () => {
    const vipAddress = Array.from({ length: 100_000 }, (_, n) => `v${n}`).join(',');
    expect(membershipsOf(record({ instanceId: 'a', port: 80, vipAddress }), 'vip')).toHaveLength(64);
  });

  it.each([
    ['that are objects without a primitive value', '{"valueOf":1,"toString":1}'],
    ['nested by the thousand', '['.repeat(20_000) + ']'.repeat(20_000)],
  ])('whose numbers and truth values are %s is read as one without them', (_, hostile) => {
    const text = `{"instanceId":"a","port":{"$":${hostile},"@enabled":${hostile}},"securePort":${hostile},"lastUpdatedTimestamp":${hostile},"metadata":{"weight":${hostile},"b":"c"}}`;
    const read = readInstance(text, 'APP');
    expect(read).toMatchObject({ id: 'a', port: undefined, securePort: undefined, metadata: { b: 'c' } });
  });

  it('that is anything but an instance does no harm', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readInstance(text, 'APP').application).toBeTypeOf('string');
      }),
    );
  });
});
