/** Definitions of kinds: whose they are, whether they keep all fields, and whether they are established. */

import { version } from '../../model/version.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { labelsOf, readObject } from '../cluster-objects.ts';
import { renderInstallation } from '../install/install.ts';
import { objectIn, pathOf } from '../manifest-kinds.ts';
import { conditionOf } from '../readiness.ts';
import { type Check, type CheckedCluster, failed, passed, skipped, type Verdict, warned } from './checking.ts';

/** Before: what others have installed is left alone, and may lack fields. */
export function foreignDefinitionChecks({ server, release, namespace }: CheckedCluster): readonly Check[] {
  return definitionsOf({ release, namespace }).map((ours) => {
    const object = objectIn(ours);
    return {
      section: 'definitions of kinds',
      check: `${object.name} can be installed, or is as ours`,
      ask: async () => verdictBefore(ours, await readObject(server, pathOf(object))),
    };
  });
}

function verdictBefore(ours: PlainMap, there: PlainMap | undefined): Verdict {
  if (there === undefined || isOurs(there)) return passed();
  const lacking = fieldsOf(ours).filter((field) => !fieldsOf(there).includes(field));
  const { name } = objectIn(ours);
  if (lacking.length === 0 || keepsUnknown(there))
    return passed('Somebody else installed it; it is left as it is, and has all fields.');
  return warned(
    `Somebody else installed it, and it drops ${lacking.slice(0, 5).join(', ')}${lacking.length > 5 ? ` and ${lacking.length - 5} more` : ''}.`,
    `It is left as it is. To have these fields, replace it: kubectl apply --server-side --force-conflicts -f crds/ (of ${name}).`,
  );
}

/** After: established, and of this version where they are ours. */
export function definitionChecks({ server, release, namespace }: CheckedCluster): readonly Check[] {
  const section = 'definitions of kinds';
  const all = definitionsOf({ release, namespace });
  const there = async (): Promise<readonly (readonly [string, PlainMap | undefined])[]> =>
    Promise.all(
      all.map(async (crd) => {
        const object = objectIn(crd);
        return [object.name, await readObject(server, pathOf(object))] as const;
      }),
    );
  return [
    {
      section,
      check: 'all are established',
      ask: async () => {
        const lacking = (await there())
          .filter(([, crd]) => crd === undefined || conditionOf(crd, 'Established') !== 'True')
          .map(([name]) => name);
        if (lacking.length === 0) return passed();
        return failed(
          `Not established: ${lacking.join(', ')}.`,
          'Run "isthmus install", or "helm upgrade" with crds.install=true.',
        );
      },
    },
    {
      section,
      check: `those of ours are of version ${version}`,
      ask: async () => {
        const ours = (await there()).filter(([, crd]) => crd !== undefined && isOurs(crd));
        if (ours.length === 0) return skipped('None of ours is there.');
        const older = ours.filter(([, crd]) => labelsOf(crd)['app.kubernetes.io/version'] !== version);
        if (older.length === 0) return passed();
        return warned(`Of another version: ${older.map(([name]) => name).join(', ')}.`, 'Run "isthmus upgrade".');
      },
    },
  ];
}

function definitionsOf(installation: Pick<CheckedCluster, 'release' | 'namespace'>): readonly PlainMap[] {
  return renderInstallation({ ...installation, values: [] }).filter(({ kind }) => kind === 'CustomResourceDefinition');
}

function isOurs(crd: PlainMap): boolean {
  return labelsOf(crd)['app.kubernetes.io/part-of'] === 'isthmus';
}

/** Paths of all fields in any version, below the object, but for its status. */
function fieldsOf({ spec }: PlainMap): readonly string[] {
  const versions = isMap(spec) && Array.isArray(spec.versions) ? spec.versions.filter(isMap) : [];
  const paths = versions.flatMap(({ schema }) => (isMap(schema) ? propertiesOf(schema.openAPIV3Schema, '') : []));
  return [...new Set(paths)].filter((path) => !/^(status|metadata|kind|apiVersion)\b/.test(path));
}

function propertiesOf(schema: unknown, at: string): readonly string[] {
  if (!isMap(schema)) return [];
  const own = isMap(schema.properties) ? Object.entries(schema.properties) : [];
  return [
    ...own.flatMap(([name, one]) => {
      const path = at === '' ? name : `${at}.${name}`;
      return [path, ...propertiesOf(one, path)];
    }),
    ...propertiesOf(schema.items, at),
    ...propertiesOf(schema.additionalProperties, at),
  ];
}

function keepsUnknown({ spec }: PlainMap): boolean {
  const [first] = isMap(spec) && Array.isArray(spec.versions) ? spec.versions.filter(isMap) : [];
  const root = isMap(first?.schema) ? first.schema.openAPIV3Schema : undefined;
  const inner = isMap(root) && isMap(root.properties) ? root.properties.spec : undefined;
  return isMap(inner) && inner['x-kubernetes-preserve-unknown-fields'] === true;
}
