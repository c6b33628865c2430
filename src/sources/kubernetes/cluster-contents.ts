/**
 * What is in force of a cluster: keeps the tables equal to the objects that are heeded.
 *
 *   object read --> heeded? --yes--> good? --yes--> tables
 *                      |               `-----no--> findings; its last good version stays in force
 *                      `-----no---> passed over: held here while its Namespace alone keeps it out
 */
import { type Finding, finding, type ObjectRef } from '../../model/finding.ts';
import { kinds } from '../../resources/kind-table.ts';
import type { AnyResource, Kind } from '../../resources/kinds.ts';
import type { BatchSink } from '../batch-sink.ts';
import type { OwnedFindings } from '../owned-findings.ts';
import type { SourceTables } from '../resource-tables.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import type { KnownObject } from './object-reading.ts';

export class ClusterContents {
  readonly #tables: SourceTables;
  readonly #findings: OwnedFindings;
  readonly #scope: NamespaceScope;
  /** By kind and key: what would be heeded in another Namespace. */
  readonly #passedOver = new Map<Kind, Map<string, KnownObject>>(kinds.map(({ kind }) => [kind, new Map()]));
  /** By kind: what is there with errors, in force or not. */
  readonly #refused = new Map<Kind, Map<string, KnownObject>>(kinds.map(({ kind }) => [kind, new Map()]));

  constructor(tables: SourceTables, findings: OwnedFindings, scope: NamespaceScope) {
    this.#tables = tables;
    this.#findings = findings;
    this.#scope = scope;
  }

  /** Whether anything of a kind is held. */
  holds(kind: Kind): boolean {
    return this.#keysOf(kind).next().done !== true;
  }

  /** To be called in a batch; `sink` is the same for all of it. */
  put(kind: Kind, object: KnownObject, sink: BatchSink): void {
    if (kind === 'Namespace') this.#learn(object.name, object.labels, sink);
    const stand = this.#scope.standOn(kind, object.labels, kind === 'Namespace' ? object.name : object.namespace);
    if (stand === 'heeded') {
      this.#passedOver.get(kind)?.delete(object.key);
      this.#apply(kind, object, sink);
      return;
    }
    this.remove(kind, object.key, sink);
    if (stand === 'passed over') this.#passedOver.get(kind)?.set(object.key, object);
  }

  remove(kind: Kind, key: string, sink: BatchSink): void {
    this.#passedOver.get(kind)?.delete(key);
    this.#refused.get(kind)?.delete(key);
    sink.delete(key);
    this.#findings.replace(ownerOf(key), []);
  }

  /** An object that an API server says is gone. */
  lose(kind: Kind, key: string, sink: BatchSink): void {
    if (kind === 'Namespace') this.#learn(nameIn(key), undefined, sink);
    this.remove(kind, key, sink);
  }

  /** These are all objects of the kind. */
  replace(kind: Kind, objects: readonly KnownObject[], sink: BatchSink): void {
    const there = new Set(objects.map(({ key }) => key));
    const gone = [...this.#keysOf(kind)].filter((key) => !there.has(key));
    for (const object of objects) this.put(kind, object, sink);
    for (const key of gone) this.lose(kind, key, sink);
  }

  *#keysOf(kind: Kind): IterableIterator<string> {
    yield* this.#tables.resources[kind].keys();
    yield* this.#passedOver.get(kind)?.keys() ?? [];
    yield* this.#refused.get(kind)?.keys() ?? [];
  }

  #apply(kind: Kind, object: KnownObject, sink: BatchSink): void {
    const { key, resource, findings } = object;
    if (resource !== undefined) {
      this.#refused.get(kind)?.delete(key);
      sink.set(resource);
      this.#findings.replace(ownerOf(key), findings);
      return;
    }
    this.#refused.get(kind)?.set(key, object);
    const inForce = sink.get(key);
    const held = inForce === undefined ? [] : [heldFinding(inForce, findings[0]?.object)];
    this.#findings.replace(ownerOf(key), [...findings, ...held]);
  }

  #learn(namespace: string, labels: KnownObject['labels'] | undefined, sink: BatchSink): void {
    if (!this.#scope.learn(namespace, labels)) return;
    for (const { kind } of kinds) if (kind !== 'Namespace') this.#judgeAnew(kind, namespace, sink);
  }

  /** All objects of a kind in a Namespace of which it has changed what is heeded. A look at all of them, once in a while. */
  #judgeAnew(kind: Kind, namespace: string, sink: BatchSink): void {
    const isIn = (object: KnownObject): boolean => object.namespace === namespace;
    const all: Iterable<AnyResource> = this.#tables.resources[kind].values();
    const inForce = [...all].filter(({ metadata }) => metadata.namespace === namespace);
    const known = [
      ...[...(this.#passedOver.get(kind)?.values() ?? [])].filter(isIn),
      ...inForce.map((resource) => this.#knownFrom(resource)),
      // After the version of them that is in force.
      ...[...(this.#refused.get(kind)?.values() ?? [])].filter(isIn),
    ];
    for (const object of known) this.put(kind, object, sink);
  }

  #knownFrom(resource: AnyResource): KnownObject {
    const { key, metadata } = resource;
    const { namespace, name, labels } = metadata;
    return { key, namespace, name, labels, resource, findings: this.#findings.of(ownerOf(key)) };
  }
}

function ownerOf(key: string): string {
  return `object ${key}`;
}

function nameIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function heldFinding({ kind, metadata }: AnyResource, about: ObjectRef | undefined): Finding {
  const { namespace, name, generation } = metadata;
  const which = generation === undefined ? 'the last good version' : `generation ${generation}`;
  const object = about ?? { kind, name, ...(namespace === '' ? {} : { namespace }) };
  return finding('ISTH0012', { object, message: `It cannot be used as it is now: ${which} stays in force.` });
}
