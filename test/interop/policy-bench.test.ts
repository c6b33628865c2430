import { expect, it } from 'vitest';
import { benchEnforcement } from '../bench/policy-enforcement.bench.ts';
import { peerUnderTest } from './peer-under-test.ts';

const envoy = peerUnderTest('envoy');

it.skipIf(envoy === undefined)(
  'the bench of policies on live Envoys sees each permitted, and denied again',
  async () => {
    const figures = await benchEnforcement(envoy ?? '', 2);
    expect(figures.policies).toBe(2);
    expect(figures.permittedMs.p50).toBeGreaterThan(0);
    expect(figures.deniedMs.p50).toBeGreaterThan(0);
  },
);
