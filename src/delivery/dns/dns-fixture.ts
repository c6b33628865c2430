/** For tests: a table of names, messages by hand, and a plain reading of responses. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, isIPv6 } from 'node:net';
import { Engine } from '../../collections/engine.ts';
import type { Visibility } from '../../model/service.ts';
import type { HostName, NamedService } from '../../translate/names/host-names.ts';
import { MessageStream } from './message-stream.ts';
import { type NameSettings, NameTable } from './name-table.ts';
import { NameReader, nameBytes } from './names.ts';
import { CLASS_INTERNET, Flag, HEADER_BYTES, RecordType } from './protocol.ts';

const typeNames: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  OPT: 41,
  HTTPS: 65,
  ANY: 255,
};

const testSettings: NameSettings = { clusterDomain: 'cluster.local', suffixes: ['cluster.local', 'mesh'] };

export function host(
  name: string,
  addresses: readonly string[],
  namespace = 'shop',
  visible?: readonly string[],
): HostName {
  return { host: name, services: [service(addresses, namespace, visible)] };
}

export function service(addresses: readonly string[], namespace: string, visible?: readonly string[]): NamedService {
  const visibility: Visibility =
    visible === undefined ? { kind: 'public' } : { kind: 'namespaces', namespaces: visible };
  const ipv6 = addresses.filter(isIPv6);
  return { namespace, visibility, is: { kind: 'addresses', ipv4: addresses.filter((one) => !isIPv6(one)), ipv6 } };
}

export function alias(name: string, target: string): HostName {
  return {
    host: name,
    services: [{ namespace: 'shop', visibility: { kind: 'public' }, is: { kind: 'alias', target } }],
  };
}

export function pending(name: string): HostName {
  return { host: name, services: [{ namespace: 'shop', visibility: { kind: 'public' }, is: { kind: 'pending' } }] };
}

/** A table over an engine, as the control plane has it, and how to change its names in one batch. */
export function testTable(names: readonly HostName[], settings: NameSettings = testSettings) {
  const engine = new Engine({ validate: true });
  const hosts = engine.table<HostName>('names', { key: (name) => name.host });
  hosts.setState('live');
  const table = new NameTable(hosts, () => settings);
  engine.sink(hosts, (diff) => table.apply(diff));
  const set = (...changed: readonly HostName[]): void =>
    engine.batch(() => {
      for (const name of changed) hosts.set(name);
    });
  const remove = (...removed: readonly string[]): void =>
    engine.batch(() => {
      for (const name of removed) hosts.delete(name);
    });
  set(...names);
  return { table, set, remove };
}

export interface QueryParts {
  readonly id?: number;
  readonly flags?: number;
  /** An OPT record that takes so many bytes by UDP. */
  readonly udpBytes?: number;
  readonly version?: number;
  readonly dnssecOk?: boolean;
  readonly questionClass?: number;
}

export function queryFor(name: string, type: string, parts: QueryParts = {}): Buffer {
  const { id = 0x1234, flags = Flag.recursionDesired, udpBytes, version = 0, dnssecOk = false } = parts;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(udpBytes === undefined ? 0 : 1, 10);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(typeNames[type] ?? Number(type), 0);
  question.writeUInt16BE(parts.questionClass ?? CLASS_INTERNET, 2);
  const options = Buffer.from([0, 0, 41, 0, 0, 0, version, dnssecOk ? 0x80 : 0, 0, 0, 0]);
  options.writeUInt16BE(udpBytes ?? 0, 3);
  const whole = [header, nameBytes(name) ?? Buffer.from([0]), question];
  return Buffer.concat(udpBytes === undefined ? whole : [...whole, options]);
}

export interface ReadResponse {
  readonly id: number;
  readonly rcode: number;
  readonly flags: readonly (keyof typeof Flag)[];
  readonly question: string;
  /** `owner ttl TYPE data`, in order. */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  /** From the OPT record. */
  readonly udpBytes?: number;
  readonly bytes: number;
}

const reader = new NameReader();

/** Names in the case they came in. Throws for what is no whole message. */
export function readResponse(packet: Buffer): ReadResponse {
  const flags = packet.readUInt16BE(2);
  let at = HEADER_BYTES;
  let question = '';
  if (packet.readUInt16BE(4) === 1) {
    question = nameAt(packet, at).name;
    at = nameAt(packet, at).end + 4;
  }
  let udpBytes: number | undefined;
  let rcode = flags & 0xf;
  const sections = [6, 8, 10].map((place) => {
    const texts: string[] = [];
    for (let count = packet.readUInt16BE(place); count > 0; count--) {
      const owner = nameAt(packet, at);
      const type = packet.readUInt16BE(owner.end);
      const ttl = packet.readUInt32BE(owner.end + 4);
      const data = owner.end + 10;
      at = data + packet.readUInt16BE(owner.end + 8);
      if (at > packet.length) throw new RangeError('a record goes beyond the packet');
      if (type !== RecordType.opt) texts.push(`${owner.name} ${ttl} ${recordText(packet, type, data, at)}`);
      else {
        udpBytes = packet.readUInt16BE(owner.end + 2);
        rcode |= packet.readUInt8(owner.end + 4) << 4;
      }
    }
    return texts;
  });
  if (at !== packet.length) throw new RangeError('there is something behind the message');
  const named = ['authoritative', 'truncated', 'recursionAvailable'] as const;
  return {
    id: packet.readUInt16BE(0),
    rcode,
    flags: named.filter((name) => (flags & Flag[name]) !== 0),
    question,
    answers: sections[0] ?? [],
    authorities: sections[1] ?? [],
    ...(udpBytes === undefined ? {} : { udpBytes }),
    bytes: packet.length,
  };
}

function nameAt(packet: Buffer, at: number): { readonly name: string; readonly end: number } {
  const end = reader.read(packet, at);
  if (end === -1) throw new RangeError('this is no name');
  const labels: string[] = [];
  for (let place = 0; place < reader.length - 1; place += 1 + (reader.wire[place] ?? 0)) {
    labels.push(reader.wire.toString('latin1', place + 1, place + 1 + (reader.wire[place] ?? 0)));
  }
  return { name: labels.join('.'), end };
}

function recordText(packet: Buffer, type: number, data: number, end: number): string {
  const bytes = packet.subarray(data, end);
  if (type === RecordType.a) return `A ${bytes.join('.')}`;
  if (type === RecordType.aaaa) return `AAAA ${bytes.toString('hex').replace(/(.{4})(?=.)/g, '$1:')}`;
  if (type === RecordType.cname) return `CNAME ${nameAt(packet, data).name}`;
  if (type === RecordType.soa) return `SOA ${nameAt(packet, data).name} ${packet.readUInt32BE(end - 4)}`;
  return `${type} ${bytes.toString('latin1')}`;
}

/** A response to `query` as an upstream writes it; records are `[type, ttl, data]` of the question's own name unless named. */
export function upstreamResponse(
  query: Buffer,
  records: readonly {
    readonly owner?: string;
    readonly type: string;
    readonly ttl: number;
    readonly data: Buffer;
    readonly section?: 'authority';
  }[],
  flags: number = Flag.response | Flag.recursionDesired | Flag.recursionAvailable,
): Buffer {
  const end = reader.read(query, HEADER_BYTES) + 4;
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(flags, 2);
  const inSection = (section: string | undefined) => records.filter((record) => record.section === section);
  head.writeUInt16BE(inSection(undefined).length, 6);
  head.writeUInt16BE(inSection('authority').length, 8);
  head.writeUInt16BE(1, 10);
  const bodies = [...inSection(undefined), ...inSection('authority')].flatMap(({ owner, type, ttl, data }) => {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(typeNames[type] ?? 0, 0);
    fixed.writeUInt16BE(CLASS_INTERNET, 2);
    fixed.writeUInt32BE(ttl, 4);
    fixed.writeUInt16BE(data.length, 8);
    return [
      owner === undefined ? Buffer.from([0xc0, HEADER_BYTES]) : (nameBytes(owner) ?? Buffer.alloc(0)),
      fixed,
      data,
    ];
  });
  return Buffer.concat([head, ...bodies, Buffer.from([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0])]);
}

/** Sends one packet and waits for one. */
export async function askUdp(port: number, packet: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const answered = once(socket, 'message');
    socket.send(packet);
    const [response]: unknown[] = await answered;
    if (!Buffer.isBuffer(response)) throw new TypeError('no packet');
    return response;
  } finally {
    socket.close();
  }
}

/** Sends the bytes as they are; resolves with the messages that came until there were `count`, or the end. */
export async function askTcp(port: number, bytes: Buffer, count = 1): Promise<readonly Buffer[]> {
  const socket = createConnection({ host: '127.0.0.1', port });
  const stream = new MessageStream(65_535);
  const messages: Buffer[] = [];
  socket.write(bytes);
  for await (const chunk of socket) {
    messages.push(...(stream.push(Buffer.from(chunk)) ?? []));
    if (messages.length >= count) break;
  }
  socket.destroy();
  return messages;
}
