import { describe, expect, it } from 'vitest';
import type { Publication, PublishedInstance } from '../../../model/publication.ts';
import { type FoundInstance, planRegistrations } from './registration-plan.ts';

const target = { namespace: 'Mesh', name: 'pay' };
const publisher = { publisher: 'isthmus', ttl: 5 };
const nowhere = { region: '', zone: '', campus: '' };

function wanted(...instances: readonly Partial<PublishedInstance>[]): Publication {
  const defaults = {
    port: 80,
    protocol: 'http',
    weight: 1,
    labels: {},
    locality: { region: '', zone: '', subzone: '' },
  };
  return {
    key: 'polaris/Mesh/pay',
    registry: 'polaris',
    ...target,
    service: 'shop/pay.shop',
    instances: instances.map((one) => ({ address: '10.0.0.1', ...defaults, ...one })),
  };
}

function found(host: string, rest: Partial<FoundInstance> = {}): FoundInstance {
  const metadata = { 'isthmus.dev/publisher': 'isthmus' };
  return { host, port: 80, protocol: 'http', weight: 100, location: nowhere, metadata, ...rest };
}

const hosts = (all: readonly { readonly host: string }[]) => all.map(({ host }) => host);
const plan = (publication: Publication | undefined, ...there: readonly FoundInstance[]) => {
  const { register, deregister, keep } = planRegistrations(target, publication, there, publisher);
  return { register: hosts(register), deregister: hosts(deregister), keep: hosts(keep) };
};

describe('instances in Polaris', () => {
  it('that are missing are registered, that are there are kept, that are not wanted go', () => {
    const two = wanted({ address: '10.0.0.1' }, { address: '10.0.0.2' });
    expect(plan(two, found('10.0.0.2'), found('10.0.0.3'))).toEqual({
      register: ['10.0.0.1'],
      deregister: ['10.0.0.3'],
      keep: ['10.0.0.1', '10.0.0.2'],
    });
    expect(plan(undefined, found('10.0.0.2'))).toEqual({ register: [], deregister: ['10.0.0.2'], keep: [] });
  });

  it.each([
    ['nobody marked', {}],
    ['another mesh marked', { 'isthmus.dev/publisher': 'other' }],
  ])('that %s are never touched, wanted or not', (_, metadata) => {
    const theirs = [found('10.0.0.1', { metadata }), found('10.0.0.2', { metadata })];
    expect(plan(wanted({ address: '10.0.0.1' }), ...theirs)).toEqual({ register: [], deregister: [], keep: [] });
  });

  it.each<[string, Partial<PublishedInstance>]>([
    ['weight', { weight: 2 }],
    ['protocol', { protocol: 'grpc' }],
    ['labels', { labels: { app: 'pay' } }],
    ['version', { labels: { version: 'v2' } }],
    ['locality', { locality: { region: 'south', zone: '', subzone: '' } }],
  ])('that have another %s are registered again', (_, changed) => {
    expect(plan(wanted(changed), found('10.0.0.1')).register).toEqual(['10.0.0.1']);
  });

  it('are the same whatever the server adds to their metadata', () => {
    const locality = { region: 'south', zone: 'z', subzone: 'c' };
    const [message] = planRegistrations(
      target,
      wanted({ labels: { version: 'v1' }, locality }),
      [],
      publisher,
    ).register;
    expect(message).toEqual({
      service: 'pay',
      namespace: 'Mesh',
      host: '10.0.0.1',
      port: 80,
      protocol: 'http',
      version: 'v1',
      weight: 100,
      location: { region: 'south', zone: 'z', campus: 'c' },
      metadata: { 'isthmus.dev/publisher': 'isthmus' },
      ttl: 5,
    });
    const added = { version: 'v1', protocol: 'http', region: 'south', zone: 'z', campus: 'c' };
    const there = found('10.0.0.1', {
      location: { region: 'south', zone: 'z', campus: 'c' },
      metadata: { ...added, 'isthmus.dev/publisher': 'isthmus' },
    });
    expect(plan(wanted({ labels: { version: 'v1' }, locality }), there).register).toEqual([]);
  });

  it('have no more metadata, and no greater weight, than Polaris takes', () => {
    const labels = Object.fromEntries(Array.from({ length: 99 }, (_, n) => [`k${n}`, 'v']));
    const [message] = planRegistrations(
      target,
      wanted({ weight: 4_000_000_000, labels: { ...labels, ['x'.repeat(200)]: '' } }),
      [],
      publisher,
    ).register;
    expect(message?.weight).toBe(10_000);
    expect(Object.keys(message?.metadata ?? {}).length).toBeLessThan(60);
  });
});
