import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSnapshot } from './snapshot-file.ts';

const instance = { id: 'good', address: '10.0.0.1', ports: [{ number: 80 }] };
const service = { name: 'good', instances: [instance] };

describe('a snapshot', () => {
  it('has all that it says, with what may be left out', () => {
    const { services, faults } = parseSnapshot(JSON.stringify({ services: [service] }));
    const locality = { region: '', zone: '', subzone: '' };
    const ports = [{ name: '', number: 80, protocol: '' }];
    const whole = { ...instance, ports, health: 'unknown', isolated: false, locality, metadata: {} };
    const read = { namespace: '', group: '', name: 'good', metadata: {}, instances: [whole], isProtected: false };
    expect([services, faults]).toEqual([[{ service: read, faults: [] }], []]);
  });

  it('that is none is refused with the reason', () => {
    expect(() => parseSnapshot('{')).toThrow();
    for (const json of ['[]', '{}', 'null', '{"services":{}}'])
      expect(() => parseSnapshot(json)).toThrow('it is no object with a list of services');
  });

  it('names the services and instances that have another form', () => {
    const bad = { ...service, name: 'b', instances: [7, { ...instance, address: 7 }, instance] };
    const { services, faults } = parseSnapshot(JSON.stringify({ services: [{ name: 7, instances: [] }, bad] }));
    expect(faults).toEqual([expect.stringMatching(/^services, number 1: /)]);
    expect(services.map((one) => [one.service.instances.map(({ id }) => id), one.faults])).toEqual([
      [
        ['good'],
        [
          'instances of b, number 1: it has another form',
          expect.stringMatching(/^instances of b, number 2: .*address/),
        ],
      ],
    ]);
  });

  it('loses nothing that is good to what stands beside it', () => {
    const worst = fc.constantFrom<unknown>(
      { valueOf: 1, toString: 1 },
      '\ud800',
      JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)),
    );
    const value = fc.oneof(worst, fc.jsonValue());
    const shaped = fc.oneof(value, fc.record({ id: value, address: value, ports: value, metadata: value, x: value }));
    const evil = fc.oneof(shaped, fc.record({ name: value, instances: fc.array(shaped), metadata: value }));
    fc.assert(
      fc.property(evil, shaped, (one, other) => {
        const mixed = { ...service, name: 'mixed', instances: [other, instance] };
        const { services } = parseSnapshot(JSON.stringify({ services: [one, service, mixed], more: other }));
        const shown = services.map(({ service: read }) => [read.name, read.instances.at(-1)?.id]);
        expect(shown).toEqual(
          expect.arrayContaining([
            ['good', 'good'],
            ['mixed', 'good'],
          ]),
        );
      }),
    );
  });
});
