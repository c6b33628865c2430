/** ConfigMaps of one name, one in each of some namespaces: what is kept of one that is there, and the requests that change it. */
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import { type ApiChange, serverSideApply } from '../../../kubernetes-api/api-server.ts';
import { configMaps } from '../../../kubernetes-api/built-in-collections.ts';
import { bearsOwnLabels, managedByLabel, ownLabels, ownManager, ownName } from '../../../model/ownership.ts';
import { managedEntries, record, text } from '../objects/owned-fields.ts';

export interface NamedConfigMap {
  readonly name: string;
  /** What there is to say stands under it. */
  readonly key: string;
  /** What our field manager is called, behind the name of the control plane. */
  readonly role: string;
}

export interface LiveConfigMap {
  readonly namespace: string;
  readonly uid: string;
  readonly version: string;
  /** Undefined where nothing stands under the key. */
  readonly content: string | undefined;
  /** A control plane of ours wrote it, whichever: labels alone can be copied. */
  readonly isOurs: boolean;
  /** It bears the labels of this control plane. */
  readonly isOwn: boolean;
  /** Who else wrote of it last; empty where nobody is known. */
  readonly otherWriter: string;
}

const ourWriter = /^isthmus(-|$)/;

/** Undefined for what is no object. */
export function liveConfigMapOf(value: unknown, key: string, revision: string): LiveConfigMap | undefined {
  const { metadata, data } = record(value);
  const { namespace, uid, resourceVersion, labels } = record(metadata);
  if (typeof namespace !== 'string' || typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  const content = record(data)[key];
  const writers = managedEntries(metadata);
  const others = writers.filter(({ manager }) => !ourWriter.test(manager));
  return {
    namespace,
    uid,
    version: resourceVersion,
    content: typeof content === 'string' ? content : undefined,
    isOurs:
      text(record(labels)[managedByLabel]) === ownManager && writers.some(({ manager }) => ourWriter.test(manager)),
    isOwn: bearsOwnLabels(record(labels), revision),
    otherWriter: others.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0]?.manager ?? '',
  };
}

interface WantedConfigMap {
  readonly namespace: string;
  readonly content: string;
  readonly revision: string;
}

/** Refused where there is one already, whosever it is. */
export function creationOf(map: NamedConfigMap, wanted: WantedConfigMap): ApiChange {
  const path = `${collectionPath(configMaps, wanted.namespace)}?${query(map, wanted)}`;
  return { method: 'POST', path, body: bodyOf(map, wanted) };
}

/** Of the very object that was seen: what others wrote beside our key stays. */
export function updateOf(map: NamedConfigMap, wanted: WantedConfigMap, uid: string): ApiChange {
  const { namespace } = wanted;
  const path = `${objectPath(configMaps, { namespace, name: map.name })}?${query(map, wanted)}&force=true`;
  return { method: 'PATCH', path, body: bodyOf(map, wanted, uid), contentType: serverSideApply };
}

function query({ role }: NamedConfigMap, { revision }: WantedConfigMap): string {
  return String(new URLSearchParams({ fieldManager: `${ownName(revision)}-${role}` }));
}

function bodyOf(
  { name, key }: NamedConfigMap,
  { namespace, content, revision }: WantedConfigMap,
  uid?: string,
): object {
  const identity = uid === undefined ? {} : { uid };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: ownLabels(revision), ...identity },
    data: { [key]: content },
  };
}
