/** metadata: checked as an API server does, and turned into what resources carry. */
import type { Place } from '../model/finding.ts';
import { apiKindOf, type KindInfo } from './kind-info.ts';
import { isDnsLabel, isDnsSubdomain, isLabelKey, isServiceName } from './kubernetes-names.ts';
import { checkLabels } from './label-rules.ts';
import { type Problems, quote } from './problem.ts';
import type { Metadata } from './types/resource.ts';

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly generation?: number;
  readonly uid?: string;
}

type Scoped = Pick<KindInfo, 'kind' | 'apiKind' | 'scope'>;

/** Kubernetes' bound for all annotations of an object together. */
const maxAnnotationCharacters = 262_144;

export function checkMetadata(info: Scoped, metadata: ObjectMetadata, problems: Problems): void {
  const { name, namespace, labels, annotations } = metadata;
  if (!isNameOf(info.kind, name)) {
    problems.add('ISTH0116', ['metadata', 'name'], `${quote(name)} is no name for a ${apiKindOf(info)}.`);
  }
  if (namespace !== undefined && namespace !== '') {
    if (!isDnsLabel(namespace)) {
      problems.add('ISTH0116', ['metadata', 'namespace'], `${quote(namespace)} is no name of a namespace.`);
    }
    if (info.scope === 'Cluster') {
      problems.add(
        'ISTH0117',
        ['metadata', 'namespace'],
        `A ${apiKindOf(info)} belongs to the whole mesh; ${namespace} is ignored.`,
      );
    }
  }
  if (labels !== undefined) checkLabels(labels, ['metadata', 'labels'], problems);
  if (annotations !== undefined) checkAnnotations(annotations, problems);
}

function checkAnnotations(annotations: Readonly<Record<string, string>>, problems: Problems): void {
  let characters = 0;
  for (const [key, value] of Object.entries(annotations)) {
    characters += key.length + value.length;
    if (!isLabelKey(key)) {
      problems.add('ISTH0204', ['metadata', 'annotations', key], `${quote(key)} is no annotation's key.`);
    }
  }
  if (characters > maxAnnotationCharacters) {
    problems.add('ISTH0113', ['metadata', 'annotations'], `All annotations together have ${characters} characters.`);
  }
}

function isNameOf(kind: string, name: string): boolean {
  if (kind === 'Service') return isServiceName(name);
  return kind === 'Namespace' ? isDnsLabel(name) : isDnsSubdomain(name);
}

const none: Readonly<Record<string, string>> = Object.freeze({});

/** The head of the typed resource. */
export function readMetadata(
  info: Scoped,
  object: { readonly apiVersion?: string; readonly metadata: ObjectMetadata },
  origin: { readonly place?: Place; readonly defaultNamespace: string },
): { readonly apiVersion: string; readonly key: string; readonly metadata: Metadata } {
  const { name, labels = none, annotations = none, creationTimestamp, generation, uid } = object.metadata;
  const namespace = namespaceOf(info.scope, object.metadata.namespace, origin.defaultNamespace);
  const created = creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp);
  const metadata: Metadata = {
    namespace,
    name,
    labels,
    annotations,
    ...(Number.isNaN(created) ? {} : { created }),
    // A file that somebody printed from a cluster is a file all the same.
    ...(generation === undefined || origin.place !== undefined ? {} : { generation }),
    ...(uid === undefined || origin.place !== undefined ? {} : { uid }),
    ...(origin.place === undefined ? {} : { place: origin.place }),
  };
  return { apiVersion: object.apiVersion ?? '', key: objectKey(info.kind, namespace, name), metadata };
}

/** Empty for what belongs to no namespace. */
export function namespaceOf(scope: Scoped['scope'], written: string | undefined, fallback: string): string {
  if (scope === 'Cluster') return '';
  if (written !== undefined && written !== '') return written;
  return scope === 'Either' ? '' : fallback;
}

/** What tells an object from all others, of whatever kind. */
export function objectKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
