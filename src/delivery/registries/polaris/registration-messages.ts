/** The part of Polaris' API that registers instances (package `v1` of its published specification). */
import protobuf from 'protobufjs';

/** An instance as it is written. */
export interface InstanceMessage {
  readonly service: string;
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
  readonly version: string;
  /** 0 to 10000. */
  readonly weight: number;
  readonly location: { readonly region: string; readonly zone: string; readonly campus: string };
  readonly metadata: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly ttl: number;
}

/** What tells an instance apart. */
export type InstanceAddress = Pick<InstanceMessage, 'service' | 'namespace' | 'host' | 'port'>;

export interface Reply {
  /** HTTP status times 1000. */
  readonly code: number;
  readonly info: string;
}

const field = (type: string, id: number) => ({ type, id });
const map = (id: number) => ({ keyType: 'string', type: 'string', id });
const text = 'StringValue';

const root = protobuf.Root.fromJSON({
  nested: {
    StringValue: { fields: { value: field('string', 1) } },
    UInt32Value: { fields: { value: field('uint32', 1) } },
    BoolValue: { fields: { value: field('bool', 1) } },
    Heartbeat: { fields: { ttl: field('UInt32Value', 1) } },
    HealthCheck: { fields: { type: field('int32', 1), heartbeat: field('Heartbeat', 2) } },
    Location: { fields: { region: field(text, 1), zone: field(text, 2), campus: field(text, 3) } },
    Instance: {
      fields: {
        service: field(text, 2),
        namespace: field(text, 3),
        host: field(text, 4),
        port: field('UInt32Value', 5),
        protocol: field(text, 6),
        version: field(text, 7),
        weight: field('UInt32Value', 9),
        healthCheck: field('HealthCheck', 10),
        location: field('Location', 13),
        metadata: map(14),
        enableHealthCheck: field('BoolValue', 20),
      },
    },
    Response: { fields: { code: field('UInt32Value', 1), info: field(text, 2) } },
  },
});

const instanceType = root.lookupType('Instance');
const responseType = root.lookupType('Response');
/** HealthCheck.type of an instance that gives signs of life. */
const heartbeat = 1;

export function encodeInstance(instance: InstanceMessage): Buffer {
  const { protocol, version, weight, location, metadata, ttl } = instance;
  const { region, zone, campus } = location;
  return encode({
    ...addressOf(instance),
    protocol: { value: protocol },
    ...(version === '' ? {} : { version: { value: version } }),
    weight: { value: weight },
    enableHealthCheck: { value: true },
    healthCheck: { type: heartbeat, heartbeat: { ttl: { value: ttl } } },
    location: { region: { value: region }, zone: { value: zone }, campus: { value: campus } },
    metadata,
  });
}

export function encodeAddress(address: InstanceAddress): Buffer {
  return encode(addressOf(address));
}

function addressOf({ service, namespace, host, port }: InstanceAddress) {
  return {
    service: { value: service },
    namespace: { value: namespace },
    host: { value: host },
    port: { value: port },
  };
}

function encode(message: object): Buffer {
  return Buffer.from(instanceType.encode(instanceType.fromObject(message)).finish());
}

/** Throws for what is no message. */
export function decodeReply(bytes: Buffer): Reply {
  const reply: { readonly code?: { readonly value?: number }; readonly info?: { readonly value?: string } } =
    responseType.toObject(responseType.decode(bytes));
  return { code: reply.code?.value ?? 0, info: reply.info?.value ?? '' };
}
