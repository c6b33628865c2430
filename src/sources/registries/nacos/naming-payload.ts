/** What goes over Nacos' gRPC: an envelope that names a Java class, and that class as JSON. */
import protobuf from 'protobufjs';
import { isRecord, type JsonRecord, parseJson } from './json-record.ts';

/** `type` is the simple name of a Java class. */
export interface Payload {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonRecord;
}

const field = (type: string, id: number) => ({ type, id });
const headers = { keyType: 'string', type: 'string', id: 7 };

const root = protobuf.Root.fromJSON({
  nested: {
    Any: { fields: { value: field('bytes', 2) } },
    Metadata: { fields: { type: field('string', 3), headers } },
    Payload: { fields: { metadata: field('Metadata', 2), body: field('Any', 3) } },
  },
});

const payloadType = root.lookupType('Payload');

export function encodePayload({ type, headers, body }: Payload): Buffer {
  const value = Buffer.from(JSON.stringify(body));
  return Buffer.from(payloadType.encode({ metadata: { type, headers }, body: { value } }).finish());
}

/** Throws for what is no message; a body that is no JSON object is an empty one. */
export function decodePayload(bytes: Buffer): Payload {
  const message = payloadType.toObject(payloadType.decode(bytes), { bytes: Buffer });
  const metadata: unknown = message.metadata;
  const body: unknown = message.body;
  const type = isRecord(metadata) && typeof metadata.type === 'string' ? metadata.type : '';
  const value = isRecord(body) && Buffer.isBuffer(body.value) ? parseJson(body.value.toString()) : undefined;
  return { type, headers: {}, body: isRecord(value) ? value : {} };
}
