/** What came of the objects of users: those that are refused, and deletions that are held. */

import { holdsTopic, readSharedHolds, waitingTopic } from '../../delivery/kubernetes/objects/shared-holds.ts';
import { replicaLabel } from '../../delivery/kubernetes/replicas/replica-words.ts';
import { configMaps } from '../../kubernetes-api/built-in-collections.ts';
import { kinds } from '../../resources/kind-table.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { listObjects } from '../cluster-objects.ts';
import { objectIn } from '../manifest-kinds.ts';
import { conditionOf } from '../readiness.ts';
import { type Check, type CheckedCluster, passed, skipped, warned } from './checking.ts';

/** Groups whose objects tell by the condition Accepted what we make of them. */
const tellingGroups = /(^|\.)(isthmus\.dev|aeraki\.io|smi-spec\.io|openservicemesh\.io)$/;
const shown = 5;

export function findingChecks({ server, namespace, revision, now }: CheckedCluster): readonly Check[] {
  const section = 'objects of users';
  return [
    {
      section,
      check: 'no registry has deletions that are held',
      ask: async () => {
        const collection = { group: 'isthmus.dev', version: 'v1alpha1', plural: 'serviceregistries' };
        const registries = await listObjects(server, collection);
        if (registries.length === 0) return skipped('There is none.');
        const held = registries.flatMap((registry) => {
          const count = isMap(registry.status) ? registry.status.heldDeletions : undefined;
          const { name } = objectIn({ ...registry, kind: 'ServiceRegistry' });
          return typeof count === 'number' && count > 0 ? [`${name} (${count})`] : [];
        });
        if (held.length === 0) return passed();
        return warned(
          `Held: ${held.join(', ')}.`,
          'Look with "isthmus registry show NAME"; "isthmus registry release NAME" carries them out.',
        );
      },
    },
    {
      section,
      check: 'no object that was written has its deletion held',
      ask: async () => {
        const labels = `${replicaLabel}=${revision}`;
        const words = await listObjects(server, configMaps, { labels, namespace });
        const holds = words.flatMap(({ data }) => readSharedHolds(isMap(data) ? data[holdsTopic] : undefined));
        // Of a replica that was killed.
        const held = holds.filter(({ due }) => due > now());
        if (held.length === 0 && words.some(({ data }) => isMap(data) && data[waitingTopic] === 'true'))
          return warned(
            'Nothing is deleted until every kind and every registry is seen.',
            '"isthmus analyze" says which is not, and why.',
          );
        if (held.length === 0) return passed();
        const told = held.map(
          ({ kind, objects, due }) => `${objects} of kind ${kind} until ${new Date(due).toISOString()}`,
        );
        return warned(
          `Held: ${told.join(', ')}.`,
          'Look with "isthmus writes list"; "isthmus writes release KIND" carries them out at the replica that writes.',
        );
      },
    },
    {
      section,
      check: 'every object is accepted',
      ask: async () => {
        const refused: string[] = [];
        let asked = 0;
        for (const { kind, group, plural, versions } of kinds.filter(({ group: one }) => tellingGroups.test(one)))
          for (const object of await listObjects(server, { group, version: versions[0] ?? '', plural })) {
            asked += 1;
            if (conditionOf(object, 'Accepted') === 'False') refused.push(nameIn(kind, object));
          }
        if (asked === 0) return skipped('There is none.');
        if (refused.length === 0) return passed();
        const rest = refused.length > shown ? ` and ${refused.length - shown} more` : '';
        return warned(
          `${refused.length} are not: ${refused.slice(0, shown).join(', ')}${rest}.`,
          'Their condition Accepted says why: kubectl get isthmus -A; kubectl describe KIND NAME.',
        );
      },
    },
  ];
}

function nameIn(kind: string, object: PlainMap): string {
  const { namespace, name } = objectIn({ ...object, kind });
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
