import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixtureKinds, goodManifest } from '../../src/resources/manifest-fixture.ts';
import { createResourceReader, type ObjectReading } from '../../src/resources/reader.ts';

const reader = createResourceReader({ checkCodec: () => [] });

const hostileKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'spec',
  'a/b',
  'a.b',
  '~1',
  '',
];
const hostileTexts = [
  '*',
  '.',
  '*.',
  '-1s',
  '1h30m',
  '0',
  '(',
  '(?=x)',
  'unix://',
  '::/0',
  '10.0.0.0/99',
  'a'.repeat(300),
];
const hostileNumbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 53, 65_536, 1e308];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, undefined, 1n, new Date(Number.NaN), new Map(), Symbol('x'), () => 1),
  fc.constantFrom(...hostileNumbers),
  fc.constantFrom(...hostileTexts),
  fc.string(),
  fc.integer(),
);
const anyValue = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }),
  fc.dictionary(fc.oneof(fc.constantFrom(...hostileKeys), fc.string()), leaf, { maxKeys: 4 }),
  fc.jsonValue(),
  fc.object({ withDate: true, withMap: true, withSet: true, withBigInt: true, withNullPrototype: true }),
);

type Mutation = {
  /** Chooses a place: at each level the member of this rank. */
  readonly ranks: readonly number[];
  readonly act: 'replace' | 'remove' | 'add';
  readonly key: string;
  readonly value: unknown;
};

const mutation: fc.Arbitrary<Mutation> = fc.record({
  ranks: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
  act: fc.constantFrom('replace', 'remove', 'add'),
  key: fc.oneof(fc.constantFrom(...hostileKeys), fc.string()),
  value: anyValue,
});

const mutated = fc
  .tuple(fc.constantFrom(...fixtureKinds), fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([kind, mutations]) => mutations.reduce<unknown>((value, one) => mutate(value, one, 0), goodManifest(kind)));

/** A copy with one change somewhere inside. */
function mutate(value: unknown, change: Mutation, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return change.value;
  const entries = Object.entries(value);
  const rank = change.ranks[depth];
  const at = entries.length === 0 || rank === undefined ? -1 : rank % entries.length;
  const [key = '', inner] = entries[at] ?? [];
  const isLast = depth === change.ranks.length - 1 || typeof inner !== 'object';
  const changed: [string, unknown][] = !isLast
    ? entries.map((entry, index) => (index === at ? [key, mutate(inner, change, depth + 1)] : entry))
    : change.act === 'add'
      ? [...entries, [change.key, change.value]]
      : change.act === 'remove'
        ? entries.filter((_, index) => index !== at)
        : entries.map((entry, index) => (index === at ? [key, change.value] : entry));
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

/** What holds for every reading of anything at all. */
function expectSound({ object, resource, key, findings }: ObjectReading): void {
  expect(object.kind).not.toBe('');
  expect(object.name).not.toBe('');
  for (const one of findings) {
    expect(one.code).toMatch(/^ISTH\d{4}$/);
    expect(one.object).toBe(object);
    expect(typeof one.path).toBe('string');
    expect(one.message).not.toBe('');
    expect(one.message.length).toBeLessThan(20_000);
    expect(one.remedy).not.toBe('');
  }
  if (resource === undefined) expect(findings).not.toEqual([]);
  else {
    // What closes stays closed while it cannot be read, and says so.
    const isKept = findings.some(({ code }) => code === 'ISTH0241');
    if (!isKept) expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    expect(resource.key).toBe(key);
    expect(resource.metadata.name).toBe(object.name);
  }
}

describe('the reader of resources', () => {
  test('takes anything at all without a throw, and says in full what is wrong with it', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        for (const reading of reader.readAll(value)) expectSound(reading);
      }),
      { numRuns: 500 },
    );
  });

  test('takes any spoilt manifest without a throw: a resource, or an error that says why not', () => {
    fc.assert(
      fc.property(mutated, (value) => {
        for (const reading of reader.readAll(value)) expectSound(reading);
      }),
      { numRuns: 3000 },
    );
  });

  test('says the same of the same manifest, whatever it read before', () => {
    fc.assert(
      fc.property(mutated, mutated, (value, other) => {
        const before = reader.readAll(value);
        reader.readAll(other);
        expect(reader.readAll(value)).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  test('reads what it wrote out as JSON: an accepted object is accepted again, with the same result', () => {
    fc.assert(
      fc.property(mutated, (value) => {
        const { resource } = reader.read(value);
        if (resource === undefined) return;
        // JSON has no -0, which is all that it may change.
        expect(throughJson(reader.read(throughJson(value)).resource)).toEqual(throughJson(resource));
      }),
      { numRuns: 1000 },
    );
  });
});
