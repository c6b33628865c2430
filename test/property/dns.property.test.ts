/** Whatever bytes come, from clients or from upstreams: no throw, one answer at most, and never a larger one than taken. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccessList, nearNetworks } from '../../src/delivery/dns/access-list.ts';
import {
  alias,
  host,
  queryFor,
  readResponse,
  testTable,
  upstreamResponse,
} from '../../src/delivery/dns/dns-fixture.ts';
import { defaultForwarderLimits, Forwarder } from '../../src/delivery/dns/forwarder.ts';
import { silentObserver } from '../../src/delivery/dns/observer.ts';
import { readQuery } from '../../src/delivery/dns/query.ts';
import { QueryHandler } from '../../src/delivery/dns/query-handler.ts';
import { chainedResponse, passedResponse } from '../../src/delivery/dns/responses.ts';
import { aliasesOf, lifetimeOf, readUpstreamAnswer } from '../../src/delivery/dns/upstream-answer.ts';
import type { HostName } from '../../src/translate/names/host-names.ts';

const names = [
  host('orders.shop.mesh', ['240.241.0.1', '2001:2:1::1']),
  host(
    'many.shop.mesh',
    Array.from({ length: 200 }, (_, at) => `10.1.0.${at}`),
  ),
  host('*.wild.mesh', ['10.2.0.1']),
  alias('db.shop.svc.cluster.local', 'orders.shop.mesh'),
  alias('loop.mesh', 'loop.mesh'),
];

/** Answers a packet as the server would; faults of its own fail the test. */
async function answersTo(packet: Buffer, transport: 'udp' | 'tcp'): Promise<readonly Buffer[]> {
  const observer = {
    ...silentObserver,
    failed: (error: unknown) => {
      throw error;
    },
  };
  const now = (): number => 0;
  const none = (): readonly [] => [];
  const forwarder = new Forwarder({ upstreams: none, unanswered: none, limits: defaultForwarderLimits, observer, now });
  const handler = new QueryHandler({
    table: testTable(names).table,
    forwarder,
    access: new AccessList(nearNetworks),
    ttls: () => ({ ttl: 30, negativeTtl: 5 }),
    ttlCap: 300,
    askerAt: () => ({ namespace: 'shop' }),
    waiting: 10,
    observer,
    now,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  const replies: Buffer[] = [];
  const reply = (response: Buffer): void => {
    replies.push(response);
    resolve();
  };
  handler.handle({ packet, address: '127.0.0.1', transport, reply, ignore: resolve });
  await promise;
  return replies;
}

const goodQuery = fc
  .record({
    name: fc.constantFrom(
      'orders.shop.mesh',
      'many.shop.mesh',
      'a.wild.mesh',
      'db.shop',
      'loop.mesh',
      'a.example.com',
      '',
    ),
    type: fc.constantFrom('A', 'AAAA', 'ANY', 'CNAME', 'SOA', 'HTTPS', '252', '41'),
    udpBytes: fc.option(fc.nat(65_535), { nil: undefined }),
    version: fc.constantFrom(0, 0, 0, 1, 255),
    flags: fc.constantFrom(0x0100, 0, 0x0110, 0x2000),
  })
  .map(({ name, type, udpBytes, ...rest }) =>
    queryFor(name, type, udpBytes === undefined ? rest : { udpBytes, ...rest }),
  );

/** Some bytes changed, then some cut off or added. */
const mutated = (packets: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc
    .record({
      packet: packets,
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      end: fc.option(fc.nat(), { nil: undefined, freq: 3 }),
      more: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 20 })),
    })
    .map(({ packet, changes, end, more }) => {
      const bytes = Buffer.from(packet);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      return Buffer.concat([bytes.subarray(0, end === undefined ? bytes.length : end % (bytes.length + 1)), more]);
    });

const anyPacket = fc.oneof(
  fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  goodQuery,
  mutated(goodQuery),
);

it('any packet gets one answer at most, under its own id, that the client takes', async () => {
  await fc.assert(
    fc.asyncProperty(anyPacket, fc.constantFrom('udp', 'tcp'), async (packet, transport) => {
      const replies = await answersTo(Buffer.from(packet), transport);
      const isQuery = packet.length >= 12 && (packet.readUInt8(2) & 0x80) === 0;
      expect(replies).toHaveLength(isQuery ? 1 : 0);
      for (const reply of replies) expectFit(reply, packet, transport);
    }),
    { numRuns: 3000 },
  );
});

function expectFit(reply: Buffer, packet: Buffer, transport: string): void {
  const response = readResponse(reply);
  expect(response.id).toBe(packet.readUInt16BE(0));
  expect(reply.readUInt8(2) & 0x80).toBe(0x80);
  const { query, rcode } = readQuery(packet);
  // Who cannot be understood gets a header: an answer larger than the query would be a weapon.
  if (query === undefined) expect(response).toMatchObject({ rcode, bytes: 12 });
  else expect(reply.subarray(12, query.questionEnd)).toEqual(packet.subarray(12, query.questionEnd));
  if (transport === 'udp') expect(response.bytes).toBeLessThanOrEqual(Math.min(1232, query?.udpBytes ?? 512));
  if (response.rcode !== 0) expect(response.answers).toEqual([]);
}

const hostText = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 2 })
  .map((labels) => labels.join('.'));
/** What is asked of the table: all names of two labels and most of three. */
const allNames = ['a', 'b', 'c'].flatMap((one) => {
  const two = ['a', 'b', 'c'].map((label) => `${label}.${one}`);
  return [one, ...two, ...two.flatMap((name) => [`a.${name}`, `b.${name}`])];
});
const hostNameText = fc.oneof(
  hostText,
  hostText.map((text) => `*.${text}`),
);

it('a table that followed any changes finds what one made of the outcome finds', () => {
  const change = fc.record({ name: hostNameText, isThere: fc.boolean() });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }), (batches) => {
      const followed = testTable([]);
      const there = new Map<string, HostName>();
      for (const [batch, changes] of batches.entries()) {
        for (const { name, isThere } of changes) {
          if (isThere) there.set(name, host(name, [`10.0.0.${batch}`]));
          else there.delete(name);
        }
        followed.set(...changes.flatMap(({ name }) => there.get(name) ?? []));
        followed.remove(...changes.flatMap(({ name }) => (there.has(name) ? [] : [name])));
      }
      const fresh = testTable([...there.values()]);
      for (const name of allNames) {
        expect(followed.table.find(name, { namespace: 'shop' })).toEqual(fresh.table.find(name, { namespace: 'shop' }));
        expect(followed.table.isParent(name)).toBe(fresh.table.isParent(name));
      }
    }),
  );
});

it('an upstream may say anything: what is passed on is a whole message, and fits', () => {
  const query = queryFor('www.example.com', 'A', { udpBytes: 1232 });
  const name = Buffer.from([3, 0x77, 0x77, 0x77, 0xc0, 16]);
  const records = fc.array(
    fc.record({
      type: fc.constantFrom('A', 'CNAME', 'SOA', 'TXT', 'NS'),
      ttl: fc.nat(0xffffffff),
      data: fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(name)).map((bytes) => Buffer.from(bytes)),
    }),
    { maxLength: 60 },
  );
  const responses = records.map((all) => upstreamResponse(query, all));
  const reading = readQuery(query).query;
  if (reading === undefined) throw new TypeError('the query is whole');
  let passed = 0;
  fc.assert(
    fc.property(fc.oneof(responses, mutated(responses)), fc.constantFrom(512, 1232, 65_535), (packet, limit) => {
      const answer = readUpstreamAnswer(packet, query, reading.questionEnd);
      if (answer === undefined) return;
      passed++;
      expect(lifetimeOf(answer)).toBeGreaterThanOrEqual(0);
      const aliases = aliasesOf(answer, 8).filter(({ target }) => /^[a-z.]+$/.test(target));
      for (const response of [
        passedResponse(reading, { answer, age: 5 }, 300, limit),
        chainedResponse(reading, [{ target: 'a.example', ttl: 1 }, ...aliases], { answer, age: 5 }, 300, limit),
      ]) {
        expect(response.length).toBeLessThanOrEqual(limit);
        expect(response.readUInt16BE(0)).toBe(0x1234);
        expectWhole(response);
      }
    }),
    { numRuns: 2000 },
  );
  expect(passed).toBeGreaterThan(500);
});

/** Counts and lengths agree; what stands inside of records is the upstream's own. */
function expectWhole(response: Buffer): void {
  const { questionEnd } = readQueryOf(response);
  const again = readUpstreamAnswer(response, response, questionEnd);
  expect(again).toBeDefined();
}

function readQueryOf(response: Buffer): { readonly questionEnd: number } {
  return { questionEnd: response.indexOf(0, 12) + 5 };
}
