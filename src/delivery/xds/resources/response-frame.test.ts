import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode } from '../../../xds-api/messages.ts';
import { ContentDigest, versionLength } from './content-digest.ts';
import { FrameCache } from './frame-cache.ts';
import { frameOf, nonceLength, tailOf } from './response-frame.ts';

const typeUrl = 'type.googleapis.com/test.Type';
const resources = fc.array(
  fc.record({
    typeUrl: fc.constant(typeUrl),
    name: fc.string({ unit: 'grapheme', maxLength: 200 }),
    version: fc.string({ maxLength: 20 }),
    body: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 20 },
);
const version = 'v'.repeat(versionLength);
const nonce = 'n'.repeat(nonceLength);

test('a delta response is what the published message type reads', () => {
  fc.assert(
    fc.property(resources, fc.array(fc.string({ unit: 'grapheme' })), fc.string(), (given, removed, identifier) => {
      const frame = Buffer.concat([
        frameOf('delta', { typeUrl, resources: given, removed }, identifier),
        tailOf(version, nonce),
      ]);
      expect(frame[0]).toBe(0);
      expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
      const response = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', frame.subarray(5));
      expect(response).toMatchObject({ typeUrl, nonce, systemVersionInfo: version, controlPlane: { identifier } });
      expect(response.removedResources ?? []).toEqual(removed);
      expect(
        (response.resources ?? []).map(({ name, version: own, resource }) => [name, own, resource?.type_url]),
      ).toEqual(given.map((one) => [one.name, one.version, typeUrl]));
      expect((response.resources ?? []).map(({ resource }) => Buffer.from(resource?.value ?? []))).toEqual(
        given.map(({ body }) => Buffer.from(body)),
      );
    }),
  );
});

test('a state-of-the-world response is what the published message type reads', () => {
  fc.assert(
    fc.property(resources, (given) => {
      const frame = Buffer.concat([
        frameOf('sotw', { typeUrl, resources: given, removed: [] }, 'cp'),
        tailOf(version, nonce),
      ]);
      const response = decode('envoy.service.discovery.v3.DiscoveryResponse', frame.subarray(5));
      expect(response).toMatchObject({ typeUrl, nonce, versionInfo: version, controlPlane: { identifier: 'cp' } });
      expect((response.resources ?? []).map(({ type_url, value }) => [type_url, Buffer.from(value ?? [])])).toEqual(
        given.map(({ body }) => [typeUrl, Buffer.from(body)]),
      );
    }),
  );
});

test('lengths that need more than two bytes are written right', () => {
  const body = new Uint8Array(3_000_000).fill(7);
  const given = [{ typeUrl, name: 'big', version: '1', body }];
  const frame = Buffer.concat([
    frameOf('delta', { typeUrl, resources: given, removed: [] }, ''),
    tailOf(version, nonce),
  ]);
  const response = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', frame.subarray(5));
  expect(Buffer.compare(Buffer.from(response.resources?.[0]?.resource?.value ?? []), Buffer.from(body))).toBe(0);
});

test('streams that get the same share one buffer, and no other content gets it', () => {
  const [a, b] = ['a', 'b'].map((name) => ({ typeUrl, name, version: '1', body: Buffer.from(name) }));
  if (a === undefined || b === undefined) throw new TypeError();
  const cache = new FrameCache('cp');
  const content = { typeUrl, resources: [a, b], removed: ['x'] };
  const frame = cache.frame('delta', content);
  expect(cache.frame('delta', { typeUrl, resources: [a, b], removed: ['x'] })).toBe(frame);
  expect(cache.frame('sotw', content)).not.toBe(frame);
  expect(cache.frame('delta', { ...content, removed: ['y'] })).not.toBe(frame);
  expect(cache.frame('delta', { ...content, resources: [a, { ...b }] })).not.toBe(frame);
  cache.clear();
  expect(cache.frame('delta', content)).not.toBe(frame);
});

test('frames beyond the capacity are not kept', () => {
  const cache = new FrameCache('cp', 1000);
  const big = { typeUrl, resources: [{ typeUrl, name: 'a', version: '1', body: Buffer.alloc(2000) }], removed: [] };
  expect(cache.frame('delta', big)).not.toBe(cache.frame('delta', big));
});

test('the version of a set does not depend on order or on what was in between', () => {
  const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([name]) => name });
  fc.assert(
    fc.property(entries, fc.string(), (given, other) => {
      const forwards = new ContentDigest();
      for (const [name, own] of given) forwards.add(name, own);
      const backwards = new ContentDigest();
      backwards.add('passing', other);
      for (const [name, own] of given.toReversed()) backwards.add(name, own);
      backwards.remove('passing', other);
      expect(String(backwards)).toBe(String(forwards));
      expect(String(forwards)).toHaveLength(versionLength);
      forwards.add('one more', other);
      expect(String(forwards)).not.toBe(String(backwards));
    }),
  );
});
