/**
 * All that a codec is held to, check by check, for whatever runs tests; `isthmus/codec-conformance` outside of this
 * repository. Each throws an AssertionError that says what is wrong with which bytes.
 */
import type { Codec } from '../codec.ts';
import { checkPrefixes, checkSample, checkSplits, checkSurroundings } from './decoding-checks.ts';
import {
  checkEmptyMutation,
  checkErrorReplies,
  checkHeartbeatReply,
  checkMutates,
  checkMutation,
  checkRewriting,
} from './encoding-checks.ts';
import { checkGiantLengths, checkMutatedSamples, checkRandomBytes } from './hostility-checks.ts';
import { parseSample, type Sample, type SampleFrame } from './samples.ts';

export type { SampleFrame } from './samples.ts';

export interface CodecCheck {
  /** What is promised; different for each check of a codec whose samples have different names. */
  readonly name: string;
  readonly run: () => void;
}

/** Throws TypeError for a sample that is not hexadecimal. */
export function codecChecks(codec: Codec, sampleFrames: readonly SampleFrame[]): readonly CodecCheck[] {
  const samples = sampleFrames.map(parseSample);
  return [
    ...samples.flatMap((sample) => sampleChecks(codec, sample)),
    ...[...flavours(samples)].map(([flavour, group]) => ({
      name: `any split of the bytes gives the same frames: ${flavour}`,
      run: () => checkSplits(codec, group),
    })),
    {
      name: 'random bytes give frames or CodecError',
      run: () => {
        checkRandomBytes(codec, 'request');
        checkRandomBytes(codec, 'response');
      },
    },
    ...(codec.capabilities.mutates
      ? [{ name: 'changes frames, as it says', run: () => checkMutates(codec, samples) }]
      : []),
    { name: 'damaged frames give frames or CodecError', run: () => checkMutatedSamples(codec, samples) },
  ];
}

type Check = readonly [name: string, check: (codec: Codec, sample: Sample) => void];

function sampleChecks(codec: Codec, sample: Sample): readonly CodecCheck[] {
  const checks: readonly Check[] = [
    ['decodes as promised', checkSample],
    ['is found among other bytes', checkSurroundings],
    ['is not complete before its last byte', checkPrefixes],
    ['is not believed when it claims a giant length', checkGiantLengths],
    ['stays as it is under an empty mutation', checkEmptyMutation],
    ['gets its id back after rewriting', checkRewriting],
    ...only(codec.capabilities.mutates, ['keeps all lengths right when changed', checkMutation]),
    ...only(sample.direction === 'request' && sample.kind === 'request', [
      'gets an error reply with its id',
      checkErrorReplies,
    ]),
    ...only(sample.kind === 'heartbeat', ['is answered once', checkHeartbeatReply]),
  ];
  return checks.map(([name, check]) => ({ name: `${sample.name}: ${name}`, run: () => check(codec, sample) }));
}

function only(condition: boolean, check: Check): readonly Check[] {
  return condition ? [check] : [];
}

function flavours(samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> {
  return Map.groupBy(samples, ({ direction, flavour }) => [direction, flavour ?? ''].join(' ').trim());
}
