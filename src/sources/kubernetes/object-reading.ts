/** Objects as an API server sends them, read into resources: nothing of what was sent is held on to. */
import type { Finding } from '../../model/finding.ts';
import type { Labels } from '../../model/label-selector.ts';
import type { AnyResource, Kind } from '../../resources/kinds.ts';
import { objectKey } from '../../resources/metadata.ts';
import { isMap } from '../../resources/plain-values.ts';
import type { ResourceReader } from '../../resources/reader.ts';

/** What is known of an object that is there. */
export interface KnownObject {
  readonly key: string;
  /** Empty for what belongs to none. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Absent where the object has errors. */
  readonly resource?: AnyResource;
  readonly findings: readonly Finding[];
}

/** Undefined for what has no name. `read`: of a resource reader. */
export function readObject(kind: Kind, value: unknown, read: ResourceReader['read']): KnownObject | undefined {
  const identity = identify(kind, value);
  if (identity === undefined) return undefined;
  const { resource, findings } = read(stripped(value));
  return { ...identity, findings, ...(resource === undefined ? {} : { resource }) };
}

/** Which object it is that is gone; undefined for what has no name. */
export function keyOfObject(kind: Kind, value: unknown): string | undefined {
  return identify(kind, value)?.key;
}

function identify(kind: Kind, value: unknown): Omit<KnownObject, 'findings'> | undefined {
  if (!isMap(value) || !isMap(value.metadata)) return undefined;
  const { name, namespace = '', labels } = value.metadata;
  if (typeof name !== 'string' || name === '' || typeof namespace !== 'string') return undefined;
  return { key: objectKey(kind, namespace, name), namespace, name, labels: isLabels(labels) ? labels : noLabels };
}

const noLabels: Labels = Object.freeze({});

function isLabels(labels: unknown): labels is Labels {
  return isMap(labels) && Object.values(labels).every((label) => typeof label === 'string');
}

/** Notes of whoever wrote it: of no concern to a mesh, larger than the object itself, and new with each write. */
const noise: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);

function stripped(value: unknown): unknown {
  if (!isMap(value) || !isMap(value.metadata)) return value;
  const { managedFields: _, ownerReferences: __, ...metadata } = value.metadata;
  const { annotations } = metadata;
  if (!isMap(annotations) || !Object.keys(annotations).some((name) => noise.has(name))) return { ...value, metadata };
  const kept = Object.fromEntries(Object.entries(annotations).filter(([name]) => !noise.has(name)));
  return { ...value, metadata: { ...metadata, annotations: kept } };
}
