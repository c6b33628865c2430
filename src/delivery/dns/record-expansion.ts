/** Takes a record out of an upstream's answer, with the names in it written out, to be put into another message. */
import { NameReader } from './names.ts';
import { RecordType } from './protocol.ts';
import type { RecordPlace } from './upstream-answer.ts';

const reader = new NameReader();

/** How the data of types that may hold compressed names is made of: bytes before, names, bytes behind (RFC 3597 4). */
const layouts = new Map<number, { readonly before: number; readonly names: number }>([
  [RecordType.ns, { before: 0, names: 1 }],
  [RecordType.cname, { before: 0, names: 1 }],
  [RecordType.dname, { before: 0, names: 1 }],
  [RecordType.ptr, { before: 0, names: 1 }],
  [RecordType.mx, { before: 2, names: 1 }],
  [RecordType.srv, { before: 6, names: 1 }],
  [RecordType.soa, { before: 0, names: 2 }],
]);

/** Undefined when the data of the record are not what its type says. */
export function expandRecord(
  packet: Buffer,
  { owner, type, data, end }: RecordPlace,
): { readonly owner: Buffer; readonly data: Buffer } | undefined {
  const ownerName = expandName(packet, owner, packet.length)?.name;
  if (ownerName === undefined) return undefined;
  const layout = layouts.get(type);
  if (layout === undefined) return { owner: ownerName, data: packet.subarray(data, end) };
  const parts = [packet.subarray(data, Math.min(end, data + layout.before))];
  let at = data + layout.before;
  for (let index = 0; index < layout.names; index++) {
    const expanded = expandName(packet, at, end);
    if (expanded === undefined) return undefined;
    parts.push(expanded.name);
    at = expanded.end;
  }
  return { owner: ownerName, data: Buffer.concat([...parts, packet.subarray(at, end)]) };
}

function expandName(packet: Buffer, place: number, limit: number) {
  const end = reader.read(packet, place);
  if (end === -1 || end > limit) return undefined;
  return { name: Buffer.from(reader.wire.subarray(0, reader.length)), end };
}
