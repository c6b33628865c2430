/**
 * What is registered, by keys: what was read of each and which service it belongs to, so that one changed key costs one
 * service. Keys that cannot be read are counted, and harm nobody.
 */
import { hash } from 'node:crypto';
import { equal } from '../../../collections/equality.ts';
import type { RegistryInstance, RegistryService, RegistryServiceName } from '../../../model/registry.ts';
import type { Doubt } from '../doubt.ts';
import type { RegistryAnswer } from '../registry-client.ts';
import { Callers } from './callers.ts';
import type { Layout, Reading } from './layout.ts';
import { Troubles } from './troubles.ts';

/** A key of a store, or a node of a tree. */
export interface StoredNode {
  /** What it is told by; in the store's own form. */
  readonly key: string;
  /** The key as the layout reads it. */
  readonly name: string;
  readonly value: string;
  /** Of several nodes that register one instance the one with the highest counts. */
  readonly version: number;
}

interface Node {
  readonly prefix: string;
  version: number;
  /** The full read that saw it last. */
  round: number;
  /** Absent for what could never be read. */
  instance?: RegistryInstance;
  service?: Service;
  /** Of the instance, about, on the heap. */
  bytes: number;
}

interface Service {
  readonly name: RegistryServiceName;
  readonly nodes: Set<Node>;
}

export interface RegistrationsOptions {
  readonly layout: Layout;
  readonly isSelected: (name: RegistryServiceName) => boolean;
  /** Keys beyond so many are not taken. */
  readonly maxKeys: number;
  /** Of the heap, about, for what their values say; 512 MiB by default. What would take more is not taken. */
  readonly maxBytes?: number;
}

const usualBytes = 512 << 20;

export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #services = new Map<string, Service>();
  readonly #troubles: Troubles;
  readonly #callers = new Callers();
  #touched = new Set<Service>();
  #round = 0;
  #isFull = false;
  #bytes = 0;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    this.#troubles = new Troubles(options.layout.prefixes);
  }

  /** Whether there were more keys than are taken. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** What of a prefix is not taken as it stands, and why. */
  troubles(prefix: string): readonly Doubt[] {
    return this.#troubles.of(prefix);
  }

  names(): readonly RegistryServiceName[] {
    return [...this.#services.values()].map(({ name }) => name);
  }

  *services(): IterableIterator<RegistryService> {
    for (const service of this.#services.values()) yield this.#described(service);
  }

  /** A full read begins: what is not put until its end is gone. */
  beginRead(): void {
    this.#round++;
    this.#isFull = false;
  }

  endRead(prefix: string): void {
    for (const [id, node] of this.#nodes)
      if (node.prefix === prefix && node.round !== this.#round) this.#drop(id, node);
    this.#callers.endRead(prefix, this.#round);
  }

  readonly putAll = (prefix: string, nodes: readonly StoredNode[]): void => {
    for (const node of nodes) this.put(prefix, node);
  };

  put(prefix: string, { key, name, value, version }: StoredNode): void {
    const id = nodeId(key);
    const known = this.#nodes.get(id);
    if (known !== undefined) known.round = this.#round;
    const reading = this.#readingOf(prefix, name, value);
    if (reading.kind === 'caller')
      this.#callers.put(id, { prefix, ...reading, name: reading.caller, round: this.#round });
    if (!this.#isWanted(reading)) {
      if (known !== undefined) this.#drop(id, known);
      return;
    }
    const node = known ?? this.#added(id, prefix);
    if (node === undefined) return;
    node.version = version;
    this.#troubles.note(prefix, id, name, reading);
    // What was understood last of a key that cannot be read any more counts on: the key is still there.
    if (reading.kind === 'registration') this.#register(node, reading);
  }

  delete(key: string): void {
    const id = nodeId(key);
    const node = this.#nodes.get(id);
    if (node !== undefined) this.#drop(id, node);
    this.#callers.delete(id);
  }

  /** Who asks the store itself, where that changed since it was asked last. */
  takeCallers(): readonly RegistryAnswer[] {
    return this.#callers.takeChanges();
  }

  /** Services that changed since it was asked last; of those that are gone, the name. */
  takeChanges(): { readonly changed: readonly RegistryService[]; readonly gone: readonly RegistryServiceName[] } {
    const touched = [...this.#touched];
    this.#touched = new Set();
    const changed = touched.filter(({ nodes }) => nodes.size > 0).map((service) => this.#described(service));
    // One that came back meanwhile is another.
    const gone = touched.filter(({ nodes, name }) => nodes.size === 0 && !this.#services.has(keyOf(name)));
    return { changed, gone: gone.map(({ name }) => name) };
  }

  /** Whatever a value does to the one who reads it is that value's alone: all others count. */
  #readingOf(prefix: string, name: string, value: string): Reading {
    try {
      return this.#options.layout.read(prefix, name, value);
    } catch {
      return { kind: 'unreadable' };
    }
  }

  #isWanted(reading: Reading): boolean {
    if (reading.kind === 'registration') return this.#options.isSelected(reading.service);
    return reading.kind !== 'other' && reading.kind !== 'caller';
  }

  #added(id: string, prefix: string): Node | undefined {
    this.#isFull ||= this.#nodes.size >= this.#options.maxKeys;
    if (this.#isFull) return undefined;
    const node: Node = { prefix, version: 0, round: this.#round, bytes: 0 };
    this.#nodes.set(id, node);
    return node;
  }

  #register(node: Node, { service: name, instance }: Extract<Reading, { kind: 'registration' }>): void {
    const key = keyOf(name);
    const service = this.#services.get(key) ?? { name, nodes: new Set() };
    if (node.service === service && equal(node.instance, instance)) return;
    const [sibling] = service.nodes;
    const { bytes, shared } = sharing(instance, sibling?.instance);
    const sum = this.#bytes - node.bytes + bytes;
    if (sum > (this.#options.maxBytes ?? usualBytes)) {
      this.#isFull = true;
      return;
    }
    if (node.service !== service) this.#leave(node);
    this.#bytes = sum;
    node.bytes = bytes;
    node.service = service;
    node.instance = shared;
    service.nodes.add(node);
    this.#services.set(key, service);
    this.#touched.add(service);
  }

  #drop(id: string, node: Node): void {
    this.#nodes.delete(id);
    this.#bytes -= node.bytes;
    this.#troubles.forget(node.prefix, id);
    this.#leave(node);
  }

  #leave(node: Node): void {
    const { service } = node;
    if (service === undefined) return;
    service.nodes.delete(node);
    if (service.nodes.size === 0) this.#services.delete(keyOf(service.name));
    this.#touched.add(service);
  }

  /** Of several nodes that register one instance the newest counts; of several prefixes with one name, the first. */
  #described({ name, nodes }: Service): RegistryService {
    const present = new Set([...nodes].map(({ prefix }) => prefix));
    const prefix = this.#options.layout.prefixes.find((one) => present.has(one));
    const newest = new Map<string, Node>();
    for (const node of nodes) {
      const id = node.instance?.id;
      if (id === undefined || node.prefix !== prefix) continue;
      if ((newest.get(id)?.version ?? -1) < node.version) newest.set(id, node);
    }
    const instances = [...newest.values()].flatMap(({ instance }) => instance ?? []);
    instances.sort((a, b) => (a.id < b.id ? -1 : 1));
    return { ...name, metadata: {}, instances, isProtected: false };
  }
}

/**
 * The same with the texts of its sibling where they are the same: of a hundred thousand instances, most are. `bytes`: what
 * it takes beside, about: an object, a slot for each text, and texts of its own.
 */
function sharing(
  instance: RegistryInstance,
  sibling: RegistryInstance | undefined,
): { readonly shared: RegistryInstance; readonly bytes: number } {
  let bytes = 512;
  const pairs = Object.entries(instance.metadata).map(([key, value]): [string, string] => {
    const known = sibling !== undefined && Object.hasOwn(sibling.metadata, key) ? sibling.metadata[key] : undefined;
    bytes += known === value ? 16 : 64 + key.length + value.length;
    return [key, known === value ? known : value];
  });
  return { shared: { ...instance, metadata: Object.fromEntries(pairs) }, bytes };
}

/** Dubbo's keys are long, and there may be many. */
function nodeId(key: string): string {
  return key.length < 44 ? key : hash('sha256', key, 'base64');
}

function keyOf({ namespace, group, name }: RegistryServiceName): string {
  return [namespace, group, name].map(encodeURIComponent).join('/');
}
