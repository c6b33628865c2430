import { describe, expect, it } from 'vitest';
import type { RegistryInstance, RegistryService } from '../../model/registry.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { BridgedService, newlyRegistered } from './bridged-service.ts';

const instance = (n: number): RegistryInstance => ({
  id: `i${n}`,
  address: `10.0.0.${n}`,
  ports: [{ name: '', number: 8080, protocol: 'grpc' }],
  health: 'up',
  isolated: false,
  locality: { region: '', zone: '', subzone: '' },
  metadata: {},
});

const orders = (...numbers: readonly number[]): RegistryService => ({
  namespace: 'prod',
  group: '',
  name: 'orders',
  metadata: {},
  instances: numbers.map(instance),
  isProtected: false,
});

const safety = { ...testRegistry().spec.safety, grace: 1_000, hold: 10_000, maxLostInstances: 50 };
const idsOf = ({ current }: BridgedService): string => current.instances.map(({ id }) => id).join(' ');
const begin = (changed: Partial<typeof safety> = {}): BridgedService =>
  new BridgedService(newlyRegistered('polaris', orders(1, 2, 3, 4), 0), { ...safety, ...changed }, 0);

describe('a service', () => {
  it('may lose as many instances as it is allowed to, and loses no more of those that went at once', () => {
    const service = begin();
    service.replace(orders(1, 2), 1);
    expect(idsOf(service)).toBe('i1 i2');
    service.replace(orders(1), 2);
    expect(idsOf(service)).toBe('i1 i2');
    expect(service.held).toEqual({ instances: 1, since: 2 });
  });

  it('that lost too many at once keeps all of them while they come back one by one', () => {
    const service = begin();
    for (const left of [orders(1), orders(1, 2), orders(1, 2, 3)]) {
      service.replace(left, 1);
      expect(idsOf(service)).toBe('i1 i2 i3 i4');
      expect(service.isDoubtful).toBe(true);
    }
    service.replace(orders(1, 2, 3, 4), 2);
    expect(service.isDoubtful).toBe(false);
    expect(idsOf(service)).toBe('i1 i2 i3 i4');
  });

  it('that was not there at all keeps all of its instances while they come back one by one', () => {
    const service = begin();
    service.missingSince = 3;
    service.replace(orders(3, 4), 5);
    expect(idsOf(service)).toBe('i1 i2 i3 i4');
    expect(service.held).toEqual({ instances: 2, since: 3 });
    service.replace(orders(2, 3, 4), 6);
    expect(idsOf(service)).toBe('i1 i2 i3 i4');
    service.replace(orders(1, 2, 3, 4), 7);
    expect(service.isDoubtful).toBe(false);
  });

  it('that is listed again before its instances are said keeps all of them as well', () => {
    const service = begin();
    service.missingSince = 3;
    service.found();
    service.add(orders(1));
    service.replace(orders(1, 2), 5);
    expect(idsOf(service)).toBe('i1 i2 i3 i4');
    expect(service.held).toEqual({ instances: 2, since: 3 });
    service.replace(orders(1, 2, 3, 4), 6);
    service.replace(orders(1, 2), 7);
    expect(idsOf(service)).toBe('i1 i2');
  });

  it('that was not there for a moment is as it was, however many it had long ago', () => {
    const service = begin();
    service.replace(orders(1, 2), 1);
    service.missingSince = 1_000_000;
    service.replace(orders(1, 2), 1_000_001);
    expect(service.isDoubtful).toBe(false);
    expect(idsOf(service)).toBe('i1 i2');
  });

  it('that has as many instances again as it had shows these, be they others', () => {
    const service = begin();
    service.replace(orders(1), 1);
    service.replace(orders(5, 6, 7), 2);
    expect(idsOf(service)).toBe('i1 i2 i3 i4 i5 i6 i7');
    service.replace(orders(5, 6, 7, 8), 3);
    expect(idsOf(service)).toBe('i5 i6 i7 i8');
  });

  it('that came back in part shows that part when it was held for long enough', () => {
    const service = begin();
    service.replace(orders(), 1);
    service.replace(orders(1, 2, 3), 2);
    service.settle(10_000);
    expect(idsOf(service)).toBe('i1 i2 i3 i4');
    service.settle(10_001);
    expect(idsOf(service)).toBe('i1 i2 i3');
    expect(service.isDoubtful).toBe(false);
  });

  it('that may lose all comes back as it is said', () => {
    const service = begin({ maxLostInstances: 100 });
    service.missingSince = 1;
    service.replace(orders(1, 2), 2);
    expect(idsOf(service)).toBe('i1 i2');
  });
});
