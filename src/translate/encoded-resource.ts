/** An xDS resource in the form that is served: encoded once, named by its content. */
import { hash } from 'node:crypto';
import { encode, type Message, type MessageName, typeUrl } from '../xds-api/messages.ts';

/** The same shape as delivery's; declared here because translation knows nothing of delivery. */
export interface EncodedResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Sixteen hexadecimal digits of the SHA-256 of `body`. */
  readonly version: string;
  /** The serialised message (the `value` of the Any). Never written to. */
  readonly body: Uint8Array;
}

export function encodeResource<N extends MessageName>(type: N, name: string, message: Message<N>): EncodedResource {
  const body = encode(type, message);
  return { typeUrl: typeUrl(type), name, version: hash('sha256', body, 'hex').slice(0, 16), body };
}
