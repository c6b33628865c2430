/**
 * Reads discovery requests, both dialects into one shape. Hand-written because a proxy may repeat its whole node
 * message (some 60 KB) in each acknowledgement: here it is a slice that nobody decodes twice; and because bounds hold
 * while reading, before anything is allocated for what exceeds them.
 */
import protobuf from 'protobufjs/minimal.js';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { Dialect } from '../resources/response-frame.ts';

export interface DiscoveryRequest {
  /** The node message, undecoded. */
  readonly node: Uint8Array | undefined;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Present when the request refuses a response. */
  readonly error: { readonly code: number; readonly message: string } | undefined;
  /** State of the world: the complete list. Delta: names to add. */
  readonly subscribe: readonly string[];
  /** Delta only. */
  readonly unsubscribe: readonly string[];
  /** Delta only: what a reconnecting client holds. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** State of the world only: the version that the client has. */
  readonly version: string;
}

export interface RequestBounds {
  /** Names in one list. */
  readonly names: number;
  /** Bytes of a name, a version, a nonce or a type URL. */
  readonly nameBytes: number;
  readonly nodeBytes: number;
}

/** Field numbers: envoy/service/discovery/v3/discovery.proto. */
const fields = {
  sotw: { node: 2, typeUrl: 4, nonce: 5, error: 6, subscribe: 3, unsubscribe: 0, initialVersions: 0, version: 1 },
  delta: { node: 1, typeUrl: 2, nonce: 6, error: 7, subscribe: 3, unsubscribe: 4, initialVersions: 5, version: 0 },
} as const;

/** Throws BAD_DATA on malformed bytes and on what exceeds the bounds. */
export function readRequest(dialect: Dialect, bytes: Uint8Array, bounds: RequestBounds): DiscoveryRequest {
  try {
    return new RequestReader(bytes, bounds).read(fields[dialect]);
  } catch (error) {
    if (error instanceof IsthmusError) throw error;
    throw new IsthmusError('BAD_DATA', `The discovery request is malformed: ${messageOf(error)}`, { cause: error });
  }
}

type Numbers = (typeof fields)[Dialect];

class RequestReader {
  readonly #reader: protobuf.Reader;
  readonly #bounds: RequestBounds;

  constructor(bytes: Uint8Array, bounds: RequestBounds) {
    this.#reader = protobuf.Reader.create(bytes);
    this.#bounds = bounds;
  }

  read(numbers: Numbers): DiscoveryRequest {
    const reader = this.#reader;
    const texts = { typeUrl: '', nonce: '', version: '' };
    const subscribe: string[] = [];
    const unsubscribe: string[] = [];
    let initialVersions: Map<string, string> | undefined;
    let node: Uint8Array | undefined;
    let error: DiscoveryRequest['error'];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = tag >>> 3;
      if (field === 0) throw new IsthmusError('BAD_DATA', 'The discovery request has a field of number 0.');
      if ((tag & 7) !== 2) reader.skipType(tag & 7);
      else if (field === numbers.node) node = this.#bytes('The node message', this.#bounds.nodeBytes);
      else if (field === numbers.typeUrl) texts.typeUrl = this.#typeUrl();
      else if (field === numbers.nonce) texts.nonce = this.#text('The nonce');
      else if (field === numbers.version) texts.version = this.#text('The version');
      else if (field === numbers.error) error = this.#status();
      else if (field === numbers.subscribe) this.#name(subscribe);
      else if (field === numbers.unsubscribe) this.#name(unsubscribe);
      else if (field === numbers.initialVersions) {
        initialVersions ??= new Map();
        this.#initialVersion(initialVersions);
      } else reader.skipType(2);
    }
    return { node, error, subscribe, unsubscribe, initialVersions: initialVersions ?? noVersions, ...texts };
  }

  #bytes(what: string, limit: number): Uint8Array {
    const bytes = this.#reader.bytes();
    if (bytes.length > limit) {
      throw new IsthmusError('BAD_DATA', `${what} has ${bytes.length} bytes; at most ${limit} are read.`);
    }
    return bytes;
  }

  #text(what: string): string {
    return decoder.decode(this.#bytes(what, this.#bounds.nameBytes));
  }

  #typeUrl(): string {
    const bytes = this.#bytes('The type URL', this.#bounds.nameBytes);
    if (!lastTypeUrl.bytes.equals(bytes)) lastTypeUrl = { bytes: Buffer.from(bytes), text: decoder.decode(bytes) };
    return lastTypeUrl.text;
  }

  #name(names: string[]): void {
    names.push(this.#text('A resource name'));
    this.#checkCount(names.length);
  }

  #checkCount(count: number): void {
    if (count <= this.#bounds.names) return;
    throw new IsthmusError('BAD_DATA', `A request lists more than ${this.#bounds.names} resource names.`);
  }

  /** google.rpc.Status: code 1, message 2. The details are not read. */
  #status(): { code: number; message: string } {
    const status = { code: 0, message: '' };
    // A reader of its own, so that a false inner length cannot reach beyond the field.
    const reader = protobuf.Reader.create(this.#reader.bytes());
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 8) status.code = reader.int32();
      else if (tag === 18) status.message = lenientDecoder.decode(reader.bytes());
      else reader.skipType(tag & 7);
    }
    return status;
  }

  /** A map entry: key 1, value 2. */
  #initialVersion(versions: Map<string, string>): void {
    const entry = new RequestReader(this.#reader.bytes(), this.#bounds);
    const [name, version] = entry.#mapEntry();
    versions.set(name, version);
    this.#checkCount(versions.size);
  }

  #mapEntry(): readonly [string, string] {
    let [name, version] = ['', ''];
    while (this.#reader.pos < this.#reader.len) {
      const tag = this.#reader.uint32();
      if (tag === 10) name = this.#text('A resource name');
      else if (tag === 18) version = this.#text('A version');
      else this.#reader.skipType(tag & 7);
    }
    return [name, version];
  }
}

const noVersions: DiscoveryRequest['initialVersions'] = new Map();
/** A thousand proxies acknowledge the same type in a row. */
let lastTypeUrl = { bytes: Buffer.alloc(0), text: '' };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder();
