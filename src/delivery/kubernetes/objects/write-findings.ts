/** What stands between what is wanted in the cluster and what is there. */
import type { ClusterWriting, KindWriting, NamespaceTrouble, WriteTrouble } from '../../../model/cluster-writing.ts';
import { type Finding, finding, formatObject, type ObjectRef } from '../../../model/finding.ts';
import type { FindingCode } from '../../../model/finding-catalogue.ts';

export function writeFindings({ kinds, isWriter, isHalted, queued }: ClusterWriting): readonly Finding[] {
  const halted = `${queued} objects wait to be written.`;
  return [
    ...(isWriter && isHalted && queued > 0 ? [finding('ISTH1709', { object: ownWrites, message: halted })] : []),
    ...kinds.flatMap(kindFindings),
  ];
}

const ownWrites = { kind: 'ClusterWriter', name: 'isthmus' };

function kindFindings(status: KindWriting): readonly Finding[] {
  const { kind, resource, state, reason, wanted, held, strangers, troubles, namespaces, fights } = status;
  const object = { kind: resource.includes('.') ? 'CustomResourceDefinition' : 'APIResource', name: resource };
  const isMissed = state === 'absent' && wanted > 0;
  const hold = held === undefined ? [] : [heldFinding(kind, held.objects, held.due)];
  return [
    ...(isMissed ? [finding('ISTH1705', { object, message: `${wanted} objects of kind ${kind} wait for it.` })] : []),
    ...(state === 'forbidden' && wanted > 0 ? [finding('ISTH1706', { object, message: `${reason}.` })] : []),
    ...hold,
    ...troubles.map(troubleFinding),
    ...namespaces.map((one) => namespaceFinding(kind, one)),
    ...fights.map(({ object: fought, origin, by }) => fightFinding(fought, origin, by)),
    ...strangers.map((place) => {
      const slash = place.indexOf('/');
      const stranger = { kind, namespace: place.slice(0, slash), name: place.slice(slash + 1) };
      return finding('ISTH1708', { object: stranger, message: `${formatObject(stranger)} is kept.` });
    }),
  ];
}

/** `origin`: the object of a user that it comes of, or itself. */
export function fightFinding(fought: ObjectRef, origin: ObjectRef, by: string): Finding {
  const message = `${formatObject(fought)} is changed again and again by ${by === '' ? 'somebody' : by}.`;
  const isItself = formatObject(fought) === formatObject(origin);
  return finding('ISTH1704', { object: origin, message, ...(isItself ? { remedy: ofItself } : {}) });
}

const ofItself =
  'Stop who does it: what stands there follows from the mesh. Until then it is put right more and more seldom.';

function heldFinding(kind: string, objects: readonly string[], due: number): Finding {
  const [first = ''] = objects;
  const until = new Date(due).toISOString();
  const message = `${objects.length} objects of kind ${kind}, such as ${first}, are to go at once; they stay until ${until}.`;
  return finding('ISTH1703', { object: { kind, name: '*' }, message });
}

/** Of objects that are not written. */
export const troubleCodes: Readonly<Record<WriteTrouble['cause'], FindingCode>> = {
  foreign: 'ISTH1701',
  refused: 'ISTH1702',
  'too-large': 'ISTH1707',
};

function troubleFinding({ object, origin, cause, message }: WriteTrouble): Finding {
  return finding(troubleCodes[cause], {
    object: origin,
    message: `${formatObject(object)} is not written: ${message}`,
  });
}

function namespaceFinding(kind: string, { namespace, cause, message, waiting }: NamespaceTrouble): Finding {
  const object = { kind: 'Namespace', name: namespace };
  const wait = `${waiting} ${waiting === 1 ? `object of kind ${kind} waits` : `objects of kind ${kind} wait`}`;
  switch (cause) {
    case 'no-right':
      return finding('ISTH1706', { object, message: `${wait}: ${message}.` });
    case 'namespace-absent':
      return finding('ISTH1710', {
        object,
        message: `${wait} for namespace ${namespace}, which is not there.`,
        remedy: `Create it: kubectl create namespace ${namespace}. Or name one that is there: spec.mapping.namespace of a ServiceRegistry.`,
      });
    case 'namespace-terminating':
      return finding('ISTH1710', {
        object,
        message: `${wait}: namespace ${namespace} is being deleted.`,
        remedy: `Once it is gone: kubectl create namespace ${namespace}. If it stays: kubectl get namespace ${namespace} -o yaml says what it waits for.`,
      });
  }
}
