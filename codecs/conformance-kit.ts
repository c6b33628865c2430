/**
 * Holds any codec to the contract of codec.ts. A codec lists a few sample frames; the kit makes the tests:
 *
 *   describeCodec(myCodec, [{ name: 'a call', direction: 'request', hex: '01 0007 ...', kind: 'request', id: 7 }]);
 *
 * Sample frames should cover each kind, both directions, and frames with and without properties. The checks themselves
 * (conformance/checks.ts) know no test runner; this file runs them in vitest.
 */
import { describe, test } from 'vitest';
import type { Codec } from './codec.ts';
import { codecChecks, type SampleFrame } from './conformance/checks.ts';

export type { SampleFrame } from './conformance/checks.ts';

export function describeCodec(codec: Codec, sampleFrames: readonly SampleFrame[]): void {
  describe(`codec ${codec.name} keeps the contract`, () => {
    for (const { name, run } of codecChecks(codec, sampleFrames)) test(name, run);
  });
}
