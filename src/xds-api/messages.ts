/**
 * The xDS messages: the Envoy API as published, and MetaProtocol's own. A descriptor pruned at build time
 * (scripts/generate-xds-api.ts) serves three readings of a message: its bytes (here), its JSON (proto-json.ts) and its
 * TypeScript type (gen/types.d.ts). Field names are lowerCamelCase; enums are numbers; 64-bit integers are numbers.
 */
import protobuf from 'protobufjs/light.js';
import descriptor from './gen/descriptor.json' with { type: 'json' };
import type { google, MessageTypes } from './gen/types.d.ts';

export type { aeraki, envoy, google, isthmus, xds } from './gen/types.d.ts';

export type MessageName = keyof MessageTypes;
export type Message<N extends MessageName> = MessageTypes[N];
export type Any = google.protobuf.Any;

const TYPE_URL_PREFIX = 'type.googleapis.com/';
// Whether 64-bit integers decode to Long objects would depend on what else is installed; they are numbers everywhere.
Object.assign(protobuf.util, { Long: undefined });
protobuf.configure();
const root = protobuf.Root.fromJSON(descriptor);
const types = new Map<string, protobuf.Type>();

/** The reflection of a message; throws for a name the descriptor does not hold. */
export function messageType(name: string): protobuf.Type {
  let type = types.get(name);
  if (type === undefined) {
    type = root.lookupType(name);
    types.set(name, type);
  }
  return type;
}

function isMessageName(name: string): name is MessageName {
  return root.lookup(name, [protobuf.Type]) !== null;
}

export function typeUrl(name: MessageName): string {
  return TYPE_URL_PREFIX + name;
}

/** The message name behind a type URL, or undefined when this build does not know it. */
export function messageName(url: string): MessageName | undefined {
  const name = url.slice(url.lastIndexOf('/') + 1);
  return isMessageName(name) ? name : undefined;
}

/** Encodes. Fields and map entries are written in insertion order: build them in one order to get equal bytes. */
export function encode<N extends MessageName>(name: N, message: Message<N>): Uint8Array {
  return messageType(name).encode(message).finish();
}

/** Decodes; throws on malformed bytes. Fields that this build does not know are dropped. */
export function decode<N extends MessageName>(name: N, bytes: Uint8Array): Message<N> {
  return messageType(name).decode(bytes);
}

export function pack<N extends MessageName>(name: N, message: Message<N>): Any {
  return { type_url: typeUrl(name), value: encode(name, message) };
}

/** The number of an enum's value; throws for an unknown name. */
export function enumValue(enumeration: string, value: string): number {
  const number = root.lookupEnum(enumeration).values[value];
  if (number === undefined) throw new RangeError(`${enumeration} has no value ${value}`);
  return number;
}
