import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { apiKindOf } from './kind-info.ts';
import { istioGroups, kinds, validatedKinds } from './kind-table.ts';
import { createResourceReader } from './reader.ts';

const crds = path.resolve(import.meta.dirname, '../../crds');

/** `group/plural` of each definition that we have. */
function defined(): readonly string[] {
  return readdirSync(crds).map((file) => {
    const { spec } = Object(load(readFileSync(path.join(crds, file), 'utf8')));
    return `${spec.group}/${spec.names.plural}`;
  });
}

const named = (list: typeof kinds) => list.map(({ group, plural }) => `${group}/${plural}`);

describe('kinds about which an API server has to ask', () => {
  it('are none that others judge', () => {
    const asked = named(validatedKinds);
    expect(asked.filter((kind) => !defined().includes(kind))).toEqual([]);
    expect(asked).toContain('metaprotocol.aeraki.io/metarouters');
  });

  it('are all of those that we define, but those whose definition says everything', () => {
    const silent = named(kinds).filter((kind) => defined().includes(kind) && !named(validatedKinds).includes(kind));
    // Schema and CEL say all there is to say of an AddressLease.
    expect(silent.filter((kind) => kind !== 'isthmus.dev/addressleases')).toEqual([]);
  });

  it.each(validatedKinds.map((kind) => [apiKindOf(kind), kind] as const))(
    '%s is read in each of its versions',
    (_, kind) => {
      for (const version of kind.versions) {
        const { findings } = createResourceReader().read({
          apiVersion: `${kind.group}/${version}`,
          kind: apiKindOf(kind),
          metadata: { name: 'x', namespace: 'y' },
        });
        expect(findings.map(({ code }) => code)).not.toContain('ISTH0110');
      }
    },
  );
});

it('knows the groups of Istio that kinds are read of: who goes without Istio asks for none of them', () => {
  const groups = new Set(kinds.map(({ group }) => group).filter((group) => group.endsWith('.istio.io')));
  expect(istioGroups).toEqual(groups);
});
