/**
 * SMI's versions and the hub: what is written in a version that can say it comes back as it was meant; what that version
 * cannot say is refused with a finding when somebody writes it all the same, and is never passed over.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HTTPRouteGroup, TCPRoute, TrafficSplit, TrafficTarget } from '../../src/resources/kinds.ts';
import { createResourceReader, type ObjectReading } from '../../src/resources/reader.ts';

const reader = createResourceReader();
const namespace = 'shop';

/** Lower case, as all names of objects are. */
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const port = fc.integer({ min: 1, max: 65_535 });
const ports = fc.uniqueArray(port, { maxLength: 4 });
const regex = fc.constantFrom('.*', '/api', '^/v[12]/', 'a|b', '[a-z]{1,8}', '(?i)x', 'x+y?', '\\Q.\\E', 'ü');
const methods = fc.uniqueArray(fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'CONNECT', 'PATCH'), {
  maxLength: 3,
});
const headers = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), regex }), {
  selector: (header) => header.name,
  maxLength: 3,
});

const routeGroup: fc.Arbitrary<HTTPRouteGroup['spec']> = fc.record({
  matches: fc.uniqueArray(fc.record({ name, pathRegex: fc.oneof(fc.constant(''), regex), methods, headers }), {
    selector: (match) => match.name,
    minLength: 1,
    maxLength: 4,
  }),
});

const reference = fc.record({ kind: fc.constant('ServiceAccount' as const), namespace: name, name });

const target: fc.Arbitrary<TrafficTarget['spec']> = fc
  .record({
    destination: name.map((account) => ({ kind: 'ServiceAccount' as const, namespace, name: account })),
    port: fc.option(port, { nil: undefined }),
    rules: fc.array(
      fc.oneof(
        fc.record({ kind: fc.constantFrom('TCPRoute' as const, 'UDPRoute' as const), name }),
        fc.record({ kind: fc.constant('HTTPRouteGroup' as const), name }),
        fc.record({
          kind: fc.constant('HTTPRouteGroup' as const),
          name,
          matches: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
        }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    sources: fc.uniqueArray(reference, {
      selector: (source) => `${source.namespace}/${source.name}`,
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ port: narrowed, ...spec }) => (narrowed === undefined ? spec : { ...spec, port: narrowed }));

const split: fc.Arbitrary<TrafficSplit['spec']> = fc.record({
  service: name,
  backends: fc
    .uniqueArray(fc.record({ service: name, weight: fc.integer({ min: 0, max: 1_000_000 }) }), {
      selector: (backend) => backend.service,
      minLength: 1,
      maxLength: 4,
    })
    .filter((backends) => backends.some(({ weight }) => weight > 0)),
  matches: fc.uniqueArray(name, { maxLength: 3 }),
});

/** An object of a version: everything but metadata. */
type Written = Readonly<Record<string, unknown>>;

function read(apiVersion: string, kind: string, content: Written): ObjectReading {
  return reader.read({ apiVersion, kind, metadata: { name: 'it', namespace }, ...content });
}

/** Taken without a word, and meant as it was written. */
function expectKept({ resource, findings }: ObjectReading, spec: unknown): void {
  expect(findings).toEqual([]);
  expect(resource?.spec).toEqual(spec);
}

/** Refused, at the place where it says what the version cannot hold. */
function expectRefused({ resource, findings }: ObjectReading, path: string): void {
  expect(resource).toBeUndefined();
  expect(findings.map((one) => one.path)).toContain(path);
}

describe('HTTPRouteGroup', () => {
  const writeMatches = ({ matches }: HTTPRouteGroup['spec'], asList: boolean) =>
    matches.map(({ headers: conditions, ...match }) => {
      const entries = conditions.map((one): [string, string] => [one.name.toUpperCase(), one.regex]);
      const written = asList ? entries.map((entry) => Object.fromEntries([entry])) : Object.fromEntries(entries);
      return { ...match, headers: written };
    });

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'])('%s says all that the hub holds', (version) => {
    fc.assert(
      fc.property(routeGroup, fc.boolean(), (spec, asList) => {
        const matches = writeMatches(spec, asList);
        const content = version < 'v1alpha3' ? { matches } : { spec: { matches } };
        expectKept(read(`specs.smi-spec.io/${version}`, 'HTTPRouteGroup', content), spec);
      }),
      { numRuns: 60 },
    );
  });
});

describe('TCPRoute and UDPRoute', () => {
  const write = (spec: TCPRoute['spec']) => ({ spec: { matches: { ports: spec.ports } } });

  test('v1alpha4 says all that the hub holds', () => {
    fc.assert(
      fc.property(fc.constantFrom('TCPRoute', 'UDPRoute'), ports, (kind, written) => {
        expectKept(read('specs.smi-spec.io/v1alpha4', kind, write({ ports: written })), { ports: written });
      }),
      { numRuns: 60 },
    );
  });

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3'])(
    '%s cannot name ports: they are refused, never dropped',
    (version) => {
      fc.assert(
        fc.property(ports, (written) => {
          expectRefused(read(`specs.smi-spec.io/${version}`, 'TCPRoute', write({ ports: written })), 'spec');
        }),
        { numRuns: 30 },
      );
      expectKept(read(`specs.smi-spec.io/${version}`, 'TCPRoute', {}), { ports: [] });
    },
  );
});

describe('TrafficTarget', () => {
  const write = ({ port: narrowed, destination, rules, sources }: TrafficTarget['spec'], version: string): Written => {
    const to = narrowed === undefined ? destination : { ...destination, port: narrowed };
    return version === 'v1alpha1'
      ? { destination: to, specs: rules, sources }
      : { spec: { destination: to, rules, sources } };
  };

  test.each(['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'])('%s says all of service accounts', (version) => {
    fc.assert(
      fc.property(target, (spec) => {
        expectKept(read(`access.smi-spec.io/${version}`, 'TrafficTarget', write(spec, version)), spec);
      }),
      { numRuns: 60 },
    );
  });

  test('v1alpha1 cannot name IdentityBindings: they are refused, never taken for service accounts', () => {
    fc.assert(
      fc.property(target, (spec) => {
        const sources = spec.sources.map((source) => ({ ...source, kind: 'IdentityBinding' as const }));
        const reading = read('access.smi-spec.io/v1alpha1', 'TrafficTarget', write({ ...spec, sources }, 'v1alpha1'));
        expectRefused(reading, 'sources[0].kind');
      }),
      { numRuns: 30 },
    );
  });

  test('a rule of a kind that is not known voids it, wherever the rule stands', () => {
    fc.assert(
      fc.property(target, fc.nat(3), (spec, rank) => {
        const at = rank % (spec.rules.length + 1);
        const rules: readonly unknown[] = [
          ...spec.rules.slice(0, at),
          { kind: 'GRPCRoute', name: 'x' },
          ...spec.rules.slice(at),
        ];
        const { destination, sources } = spec;
        const reading = read('access.smi-spec.io/v1alpha3', 'TrafficTarget', { spec: { destination, rules, sources } });
        expectRefused(reading, `spec.rules[${at}].kind`);
      }),
      { numRuns: 30 },
    );
  });
});

describe('TrafficSplit', () => {
  const write = ({ service, backends, matches }: TrafficSplit['spec'], withMatches: boolean): Written => {
    const groups = matches.map((one) => ({ kind: 'HTTPRouteGroup', name: one }));
    return { spec: { service, backends, ...(withMatches ? { matches: groups } : {}) } };
  };

  test.each(['v1alpha3', 'v1alpha4'])('%s says all that the hub holds', (version) => {
    fc.assert(
      fc.property(split, (spec) => {
        expectKept(read(`split.smi-spec.io/${version}`, 'TrafficSplit', write(spec, true)), spec);
      }),
      { numRuns: 60 },
    );
  });

  test.each(['v1alpha1', 'v1alpha2'])('%s cannot choose requests: matches are refused, never dropped', (version) => {
    fc.assert(
      fc.property(split, (spec) => {
        expectRefused(read(`split.smi-spec.io/${version}`, 'TrafficSplit', write(spec, true)), 'spec.matches');
      }),
      { numRuns: 30 },
    );
  });

  test('v1alpha2 says the rest', () => {
    fc.assert(
      fc.property(split, (spec) => {
        const reading = read('split.smi-spec.io/v1alpha2', 'TrafficSplit', write(spec, false));
        expectKept(reading, { ...spec, matches: [] });
      }),
      { numRuns: 60 },
    );
  });

  test("v1alpha1's quantities keep their ratio exactly, in the least whole numbers, whatever unit they are in", () => {
    const units: readonly ((thousandths: number) => number | string)[] = [
      (weight) => `${weight}m`,
      (weight) => `${weight * 1000}u`,
      (weight) => `${weight / 1000}`,
      (weight) => `${weight}e-3`,
      (weight) => (weight % 1000 === 0 ? weight / 1000 : `${weight}000000n`),
    ];
    fc.assert(
      fc.property(split, fc.array(fc.constantFrom(...units), { minLength: 4, maxLength: 4 }), (spec, chosen) => {
        const backends = spec.backends.map((backend, index) => ({
          ...backend,
          weight: chosen[index]?.(backend.weight),
        }));
        const content = { spec: { service: spec.service, backends } };
        const { resource, findings } = read('split.smi-spec.io/v1alpha1', 'TrafficSplit', content);
        expect(findings).toEqual([]);
        const weights = resource?.kind === 'TrafficSplit' ? resource.spec.backends.map(({ weight }) => weight) : [];
        expectSameRatio(
          weights,
          spec.backends.map(({ weight }) => weight),
        );
        expect(weights.reduce(divisor, 0)).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});

function expectSameRatio(some: readonly number[], others: readonly number[]): void {
  expect(some).toHaveLength(others.length);
  const sum = (weights: readonly number[]) => weights.reduce((total, weight) => total + BigInt(weight), 0n);
  some.forEach((weight, index) => {
    expect(BigInt(weight) * sum(others)).toBe(BigInt(others[index] ?? -1) * sum(some));
  });
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
