import { describe, expect, it } from 'vitest';
import type { RegistryInstance, RegistryService } from '../../model/registry.ts';
import { TestClock } from '../../model/test-clock.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { RegistryBridge } from './registry-bridge.ts';

const half = '\ud800';
const instance = (id: string, changed: Partial<RegistryInstance> = {}): RegistryInstance => ({
  id,
  address: '10.0.0.1',
  ports: [{ name: '', number: 8080, protocol: 'grpc' }],
  health: 'up',
  isolated: false,
  locality: { region: '', zone: '', subzone: '' },
  metadata: {},
  ...changed,
});

/** A bridge whose registry says these services. */
function bridged(...services: readonly (Pick<RegistryService, 'name' | 'instances'> & Partial<RegistryService>)[]) {
  const bridge = new RegistryBridge({
    registry: testRegistry(),
    known: [],
    own: { ranges: [], places: [] },
    clock: new TestClock(),
    onChange: () => {},
  });
  bridge.expect(['']);
  const whole = services.map((one) => ({ namespace: '', group: '', metadata: {}, isProtected: false, ...one }));
  bridge.accept([
    { kind: 'services', scope: '', services: whole, trust: 'complete' },
    ...whole.map((service) => ({ kind: 'service', service, trust: 'complete' }) as const),
    ...whole.map((service) => ({ kind: 'callers', service, callers: ['c'] }) as const),
    ...services.slice(2).map(() => ({ kind: 'absent', service: { namespace: '', group: '', name: half } }) as const),
  ]);
  const shown = [...bridge.current()].map(({ name, instances }) => [name, instances.map(({ id }) => id)]);
  return { bridge, shown };
}

const good = { name: 'good', instances: [instance('i1')] };

describe('half a surrogate pair', () => {
  it.each([{ name: `BAD${half}` }, { name: 'bad', group: half }, { name: 'bad', namespace: half }])(
    'in the name of a service takes that service alone, which is named: %j',
    (name) => {
      const { bridge, shown } = bridged({ instances: [instance('i1')], ...name }, good, { ...good, name: 'other' });
      expect(shown).toEqual([
        ['good', ['i1']],
        ['other', ['i1']],
      ]);
      expect(bridge.isSeen).toBe(true);
      expect(bridge.findings()).toMatchObject([
        {
          code: 'ISTH1017',
          message: expect.stringMatching(/^services: 1 service has a name that no text can have: "/),
        },
      ]);
      bridge.accept([{ kind: 'services', scope: '', services: [], trust: 'complete' }]);
      expect(bridge.findings().filter(({ code }) => code === 'ISTH1017')).toEqual([]);
    },
  );

  it.each<Partial<RegistryInstance>>([
    { id: half },
    { address: half },
    { ports: [{ name: half, number: 80, protocol: '' }] },
    { ports: [{ name: '', number: 80, protocol: half }] },
    { locality: { region: '', zone: half, subzone: '' } },
    { metadata: { [half]: '' } },
    { metadata: { a: half } },
  ])('in an instance takes that instance alone, which is named: %j', (changed) => {
    const { bridge, shown } = bridged({ name: 'a', instances: [instance('bad', changed), instance('i2')] }, good);
    expect(shown).toEqual([
      ['a', ['i2']],
      ['good', ['i1']],
    ]);
    const [found] = bridge.findings();
    expect([found?.code, found?.message]).toEqual([
      'ISTH1006',
      expect.stringContaining('holds what is no Unicode text'),
    ]);
    expect(found?.message.isWellFormed()).toBe(true);
  });

  it('in the metadata of a service takes that entry alone', () => {
    const { bridge } = bridged({ ...good, metadata: { a: 'b', [half]: 'c', d: half } });
    expect([...bridge.current()].map(({ metadata }) => metadata)).toEqual([{ a: 'b' }]);
  });
});
