/** Dubbo frames made from their parts, for tests and benches. */
import { type HessianValue, HessianWriter, text } from './hessian-writer.ts';

export interface TestFrame {
  readonly flags: number;
  readonly status?: number;
  readonly id?: bigint;
  readonly body: Buffer;
}

export function dubboFrame({ flags, status = 0, id = 1n, body }: TestFrame): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16BE(0xdabb);
  head[2] = flags;
  head[3] = status;
  head.writeBigUInt64BE(id, 4);
  head.writeUInt32BE(body.length, 12);
  return Buffer.concat([head, body]);
}

export interface TestCall {
  readonly interface?: string;
  readonly version?: string;
  readonly method?: string;
  readonly descriptor?: string;
  readonly arguments?: readonly HessianValue[];
  /** `null` and nothing at all are others than an empty map. */
  readonly attachments?: HessianValue;
}

export function callBody(call: TestCall): Buffer {
  const { version = '0.0.0', method = 'hi', descriptor = '', attachments } = call;
  const writer = new HessianWriter().string('2.0.2').string(call.interface ?? 'a.B');
  writer.string(version).string(method).string(descriptor);
  for (const value of call.arguments ?? []) writer.write(value);
  if (attachments !== undefined) writer.write(attachments);
  return writer.bytes;
}

export function attachmentMap(entries: Readonly<Record<string, string>>, type?: string): HessianValue {
  const pairs = Object.entries(entries).map(([key, value]) => [text(key), text(value)] as const);
  return { is: 'map', ...(type === undefined ? {} : { type }), entries: pairs };
}
