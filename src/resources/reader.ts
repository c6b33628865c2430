/**
 * The edge of the product: what users wrote comes in, typed resources go out, and nothing behind it checks again.
 *
 *   plain value (from documents.ts, or an API server) -> plain-values -> kind-table -> schema -> CEL, rules -> resource
 *                                                             `------------`------------`----> findings
 *
 * An object with an error is refused as a whole, and says so in findings that name the object, the path and the place; the
 * caller keeps the last good version under its key. Warnings and infos leave the object in force. What never happens: a
 * throw for any value whatever, a resource that is not as its type says, or one object's fault touching another.
 */

import { type Finding, finding, type ObjectRef, type Place } from '../model/finding.ts';
import { revisionLabel } from '../model/ownership.ts';
import { apiVersionFor, findKind, type KindTable, kindTable } from './kind-table.ts';
import type { CodecCheck } from './kinds/protocol-codec.ts';
import { type AnyResource, resourceKey } from './kinds.ts';
import { namespaceOf } from './metadata.ts';
import { isMap, isPlainValue, type PlainMap } from './plain-values.ts';
import { formatPath, Problems } from './problem.ts';

export interface ResourceReaderOptions {
  /** Compiles a ProtocolCodec's spec to say what is wrong with it; without, only its schema is checked. */
  readonly checkCodec?: CodecCheck;
  /** For objects of namespaced kinds that name none; `default` when absent. */
  readonly defaultNamespace?: string;
}

/** Where a value comes from. */
export interface ValueSource {
  /** Where the value begins. */
  readonly place?: Place;
  /** Finds the place of a path such as `spec.ports[0].name`. Asked only when there is a finding. */
  readonly placeOf?: (path: string) => Place | undefined;
}

export interface ObjectReading {
  readonly object: ObjectRef;
  /** The key of the resource, be it accepted or refused; absent when the object does not say which it is. */
  readonly key?: string;
  /** Absent when the object is refused, or is none that is read. */
  readonly resource?: AnyResource;
  readonly findings: readonly Finding[];
}

export interface ResourceReader {
  /** Reads one object, which is no List. */
  read(value: unknown, source?: ValueSource): ObjectReading;
  /** Reads one object, or each item of a List. */
  readAll(value: unknown, source?: ValueSource): readonly ObjectReading[];
}

export function createResourceReader(options: ResourceReaderOptions = {}): ResourceReader {
  const table = kindTable(options.checkCodec);
  const defaultNamespace = options.defaultNamespace ?? 'default';
  const read = (value: unknown, source: ValueSource = {}): ObjectReading =>
    readObject(value, source, table, defaultNamespace);
  return {
    read,
    readAll: (value, source = {}) => {
      const items = itemsOf(value);
      return items === undefined
        ? [read(value, source)]
        : items.map((item, index) => read(item, itemSource(source, index)));
    },
  };
}

function readObject(value: unknown, source: ValueSource, table: KindTable, defaultNamespace: string): ObjectReading {
  const problems = new Problems();
  const identity = identify(value, problems);
  const reader = isTyped(identity) ? findKind(table, identity.apiVersion, identity.kind, problems) : undefined;
  // Of no concern to us: its values are not looked at, whatever they are.
  const concerns = !isTyped(identity) || reader !== undefined;
  const isReadable = concerns && isPlainValue(value, problems) && isMap(value);
  const scope = reader?.scope ?? 'Either';
  const namespace = namespaceOf(scope, identity?.namespace, defaultNamespace);
  const name = identity?.name ?? '';
  const origin = { defaultNamespace, ...(source.place === undefined ? {} : { place: source.place }) };
  const resource = reader !== undefined && isReadable ? reader.read(value, origin, problems) : undefined;
  const object: ObjectRef = {
    kind: identity === undefined || identity.kind === '' ? 'Document' : identity.kind,
    ...(namespace === '' ? {} : { namespace }),
    name: name === '' ? '(unnamed)' : name,
    ...(reader === undefined ? {} : { group: reader.group }),
    ...(source.place === undefined ? { ...generationOf(value), ...revisionOf(value) } : {}),
  };
  return {
    object,
    ...(reader === undefined || name === '' ? {} : { key: resourceKey(reader.kind, namespace, name) }),
    ...(resource === undefined ? {} : { resource }),
    findings: findingsFrom(problems, object, source),
  };
}

/** Each is empty when none is written. */
interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function isTyped(identity: Identity | undefined): identity is Identity {
  return identity !== undefined && identity.apiVersion !== '' && identity.kind !== '';
}

/** Where `isthmus registry export` was put among the manifests. */
const keepApart =
  'Keep it in a folder of its own: spec.addresses of a ServiceRegistry of type Snapshot may name it there, as ../FILE.';

/** What an object says of itself, before anything is checked; undefined for what is no map, or no manifest at all. */
function identify(value: unknown, problems: Problems): Identity | undefined {
  if (!isMap(value)) {
    problems.add('ISTH0109', [], `The document is ${value === null ? 'null' : nameValue(value)}, not a map.`);
    return undefined;
  }
  const [apiVersion, kind] = [ownText(value, 'apiVersion'), ownText(value, 'kind')];
  if (apiVersion === '' && kind === '' && Array.isArray(value.services)) {
    problems.add('ISTH0109', [], 'The document is what a registry holds, not a manifest.', keepApart);
    return undefined;
  }
  const metadata = Object.hasOwn(value, 'metadata') ? value.metadata : undefined;
  const [namespace, name] = isMap(metadata) ? [ownText(metadata, 'namespace'), ownText(metadata, 'name')] : ['', ''];
  const isNamed = name !== '';
  const missing = (field: string, remedy: string) =>
    problems.add('ISTH0109', [field], `${field} is missing, or no text.`, ...(isNamed ? [remedy] : []));
  if (apiVersion === '') missing('apiVersion', `Add ${apiVersionFor(kind) ?? 'its apiVersion'}.`);
  if (kind === '') missing('kind', 'Add its kind.');
  return { apiVersion, kind, namespace, name };
}

function generationOf(value: unknown): Pick<ObjectRef, 'generation'> {
  const metadata = isMap(value) && Object.hasOwn(value, 'metadata') ? value.metadata : undefined;
  const generation = isMap(metadata) && Object.hasOwn(metadata, 'generation') ? metadata.generation : undefined;
  return Number.isSafeInteger(generation) ? { generation: Number(generation) } : {};
}

function revisionOf(value: unknown): Pick<ObjectRef, 'revision'> {
  const metadata = isMap(value) && Object.hasOwn(value, 'metadata') ? value.metadata : undefined;
  const labels = isMap(metadata) && Object.hasOwn(metadata, 'labels') ? metadata.labels : undefined;
  const revision = isMap(labels) ? ownText(labels, revisionLabel) : '';
  return revision === '' ? {} : { revision };
}

/** At most as long as the longest name there may be, so that no finding carries megabytes. */
function ownText(map: PlainMap, field: string): string {
  const value = Object.hasOwn(map, field) ? map[field] : undefined;
  return typeof value === 'string' ? value.slice(0, 253) : '';
}

function nameValue(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** `kubectl get -o yaml` prints `kind: List`, an API server's answer is of kind `<Kind>List`. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (!isMap(value) || !ownText(value, 'kind').endsWith('List')) return undefined;
  const items = Object.hasOwn(value, 'items') ? value.items : undefined;
  return Array.isArray(items) ? items : undefined;
}

function itemSource(source: ValueSource, index: number): ValueSource {
  const { placeOf } = source;
  if (placeOf === undefined) return source;
  return { ...source, placeOf: (path) => placeOf(path === '' ? `items[${index}]` : `items[${index}].${path}`) };
}

function findingsFrom(problems: Problems, object: ObjectRef, source: ValueSource): readonly Finding[] {
  if (problems.list.length === 0) return none;
  const place = (path: string): { readonly place?: Place } => {
    const found = source.placeOf?.(path) ?? source.place;
    return found === undefined ? {} : { place: found };
  };
  const findings = problems.list.map(({ code, path, message, remedy }) => {
    const written = formatPath(path);
    return finding(code, {
      object,
      path: written,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...place(written),
    });
  });
  if (problems.unlisted === 0) return findings;
  const message = `There are ${problems.unlisted} more findings about this object.`;
  return [...findings, finding('ISTH0115', { object, message, ...place('') })];
}

const none: readonly Finding[] = Object.freeze([]);
