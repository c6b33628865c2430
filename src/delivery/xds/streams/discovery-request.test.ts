import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IsthmusError } from '../../../model/errors.ts';
import { encode } from '../../../xds-api/messages.ts';
import type { Dialect } from '../resources/response-frame.ts';
import { readRequest } from './discovery-request.ts';

const bounds = { names: 100, nameBytes: 1000, nodeBytes: 1000 };
const text = fc.string({ unit: 'grapheme', maxLength: 40 });

describe('a discovery request', () => {
  test('of delta is read as it was written', () => {
    const request = fc.record({
      typeUrl: text,
      responseNonce: text,
      resourceNamesSubscribe: fc.array(text, { maxLength: 5 }),
      resourceNamesUnsubscribe: fc.array(text, { maxLength: 5 }),
      initialResourceVersions: fc.dictionary(fc.string(), text, { maxKeys: 5, noNullPrototype: true }),
      errorDetail: fc.option(fc.record({ code: fc.nat(), message: text }), { nil: undefined }),
    });
    fc.assert(
      fc.property(request, (written) => {
        const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node: { id: 'n' }, ...written });
        const read = readRequest('delta', bytes, bounds);
        expect(read.node).toEqual(Buffer.from(encode('envoy.config.core.v3.Node', { id: 'n' })));
        expect(read).toMatchObject({
          typeUrl: written.typeUrl,
          nonce: written.responseNonce,
          subscribe: written.resourceNamesSubscribe,
          unsubscribe: written.resourceNamesUnsubscribe,
          version: '',
        });
        expect(read.error).toEqual(written.errorDetail);
        expect([...read.initialVersions]).toEqual(Object.entries(written.initialResourceVersions));
      }),
    );
  });

  test('of the state of the world is read as it was written', () => {
    const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
      versionInfo: 'v',
      typeUrl: 't',
      responseNonce: 'n',
      resourceNames: ['a', 'b'],
      errorDetail: { code: 13, message: 'no', details: [{ type_url: 'x' }] },
    });
    expect(readRequest('sotw', bytes, bounds)).toEqual({
      node: undefined,
      version: 'v',
      typeUrl: 't',
      nonce: 'n',
      subscribe: ['a', 'b'],
      unsubscribe: [],
      initialVersions: new Map(),
      error: { code: 13, message: 'no' },
    });
  });

  test('of any bytes is read or refused, never anything else', () => {
    const dialect = fc.constantFrom<Dialect>('sotw', 'delta');
    fc.assert(
      fc.property(dialect, fc.uint8Array({ maxLength: 200 }), (one, bytes) => {
        try {
          readRequest(one, bytes, bounds);
        } catch (error) {
          expect(error).toBeInstanceOf(IsthmusError);
          expect(error).toMatchObject({ code: 'BAD_DATA' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('that was cut short is refused', () => {
    const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      initialResourceVersions: { a: 'b' },
      errorDetail: { code: 1, message: 'x' },
    });
    for (let end = 1; end < bytes.length; end++) {
      if (
        end ===
        encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { initialResourceVersions: { a: 'b' } }).length
      )
        continue;
      expect(() => readRequest('delta', bytes.subarray(0, end), bounds)).toThrow(/malformed/);
    }
  });

  test('with an inner length that reaches beyond its field is refused', () => {
    // errorDetail of two bytes, whose message claims ten; more fields follow, which must not be taken for it.
    const bytes = Buffer.from([0x3a, 0x02, 0x12, 0x0a, ...Buffer.from('\x12\x08resource')]);
    expect(() => readRequest('delta', bytes, bounds)).toThrow(/malformed/);
  });

  test('is refused before more is read than the bounds allow', () => {
    const names = Array.from({ length: 101 }, () => 'a');
    const tooMany = encode('envoy.service.discovery.v3.DiscoveryRequest', { resourceNames: names });
    expect(() => readRequest('sotw', tooMany, bounds)).toThrow('more than 100 resource names');
    const tooLong = encode('envoy.service.discovery.v3.DiscoveryRequest', { resourceNames: ['a'.repeat(1001)] });
    expect(() => readRequest('sotw', tooLong, bounds)).toThrow(
      'A resource name has 1001 bytes; at most 1000 are read.',
    );
    const versions = Object.fromEntries(names.map((_, index) => [String(index), 'v']));
    const tooManyVersions = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      initialResourceVersions: versions,
    });
    expect(() => readRequest('delta', tooManyVersions, bounds)).toThrow('more than 100 resource names');
  });
});
