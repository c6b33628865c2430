/** An xDS resource in the form that is served: encoded once, named by its content. */
import { hash } from 'node:crypto';
import { encode, type Message, type MessageName, typeUrl } from '../xds-api/messages.ts';
import { keepBytes } from './body-pool.ts';

/** The same shape as delivery's; declared here because translation knows nothing of delivery. */
export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Sixteen hexadecimal digits of the SHA-256 of `body`. */
  readonly version: string;
  /** The serialised message (the `value` of the Any). Never written to. */
  readonly body: Uint8Array;
}

/** One string a type, shared by all its resources. */
const typeUrls = new Map<MessageName, string>();

export function encodeResource<N extends MessageName>(type: N, name: string, message: Message<N>): EncodedResource {
  const body = keepBytes(encode(type, message));
  return { typeUrl: sharedTypeUrl(type), name, version: versionOf(body), body };
}

/** One message of several: encodings one after the other are one of all. */
export function joinedResource(type: MessageName, name: string, parts: readonly Uint8Array[]): EncodedResource {
  const body = keepBytes(Buffer.concat(parts));
  return { typeUrl: sharedTypeUrl(type), name, version: versionOf(body), body };
}

/** The message with what the other says in place of its own: two encodings one after the other are one of both. */
export function overriddenResource<N extends MessageName>(
  { typeUrl, name, body }: EncodedResource,
  type: N,
  override: Message<N>,
): EncodedResource {
  const merged = keepBytes(Buffer.concat([body, encode(type, override)]));
  return { typeUrl, name, version: versionOf(merged), body: merged };
}

/** Made from the digest's bytes: a slice of its text would keep the whole text. */
function versionOf(body: Uint8Array): string {
  return hash('sha256', body, 'buffer').toString('hex', 0, 8);
}

function sharedTypeUrl(type: MessageName): string {
  let url = typeUrls.get(type);
  if (url === undefined) {
    url = typeUrl(type);
    typeUrls.set(type, url);
  }
  return url;
}
