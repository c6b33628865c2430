import { describe, expect, it } from 'vitest';
import { type StartFacts, type StartStep, whyNotServing } from './start-progress.ts';

const files: StartFacts = { source: 'live', stateFolder: '/var/state', registryWait: 30, unseenRegistries: [] };
const cluster: StartFacts = { ...files, cluster: { url: 'https://10.0.0.1:6443', systemNamespace: 'mesh-system' } };

describe('a start', () => {
  it.each<[StartStep, StartFacts, string, string]>([
    ['state', files, 'state folder', '/var/state'],
    ['state', cluster, 'state', 'the namespace mesh-system of https://10.0.0.1:6443'],
    ['registries', files, 'registries', '30 s'],
    ['virtual IPs', files, 'virtual IPs', '/var/state'],
    ['virtual IPs', cluster, 'virtual IPs', 'AddressLeases'],
  ])('that waits for %s says so, and for what', (step, facts, part, named) => {
    expect(whyNotServing(step, facts)).toEqual({ part, reason: expect.stringContaining(named) });
  });

  it('that waits for registries names those of which nothing is known, and why', () => {
    const unseenRegistries = [
      { name: 'legacy', reason: '10.0.0.1:2379: connection refused' },
      { name: 'new', reason: '' },
    ];
    expect(whyNotServing('registries', { ...files, unseenRegistries }).reason).toBe(
      'nothing is known of legacy (10.0.0.1:2379: connection refused), new: what they hold is waited for, 30 s at most',
    );
  });

  it.each([
    ['files', files, 'they are being read'],
    ['API server', cluster, 'objects of https://10.0.0.1:6443 are being read'],
  ])('that waits for %s tells those that are read from those that cannot be seen', (part, facts, read) => {
    expect(whyNotServing('resources', { ...facts, source: 'syncing' })).toEqual({ part, reason: read });
    expect(whyNotServing('resources', { ...facts, source: 'stale' })).toEqual({
      part,
      reason: expect.stringContaining('not all of them can be seen'),
    });
  });
});
