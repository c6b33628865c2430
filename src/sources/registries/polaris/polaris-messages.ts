/**
 * The part of Polaris' API that discovery uses (package `v1` of its published specification). Its fields are wrapper
 * messages, so that absent and empty differ on the wire.
 */
import protobuf from 'protobufjs';

interface Wrapped<T> {
  readonly value?: T;
}

export type Text = Wrapped<string>;

export interface Location {
  readonly region?: Text;
  readonly zone?: Text;
  readonly campus?: Text;
}

export interface PolarisInstance {
  readonly id?: Text;
  readonly host?: Text;
  readonly port?: Wrapped<number>;
  readonly protocol?: Text;
  readonly version?: Text;
  readonly weight?: Wrapped<number>;
  readonly enableHealthCheck?: Wrapped<boolean>;
  readonly healthy?: Wrapped<boolean>;
  readonly isolate?: Wrapped<boolean>;
  readonly location?: Location;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface PolarisService {
  readonly name?: Text;
  readonly namespace?: Text;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly revision?: Text;
}

export interface DiscoverRequest {
  readonly type: DiscoverType;
  readonly service: PolarisService;
}

export interface DiscoverResponse {
  readonly code?: Wrapped<number>;
  readonly info?: Text;
  readonly type?: DiscoverType;
  readonly service?: PolarisService;
  readonly instances?: readonly PolarisInstance[];
  readonly services?: readonly PolarisService[];
}

export const DiscoverType = { instance: 1, services: 6 } as const;
export type DiscoverType = (typeof DiscoverType)[keyof typeof DiscoverType];

/** Of one request. */
export const deadlineMs = 5_000;
/** As Polaris' own clients have it. */
export const maxAnswerBytes = 50 * 1024 * 1024;

const text = 'StringValue';
const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: 'repeated', type, id });
const map = (id: number) => ({ keyType: 'string', type: 'string', id });

const root = protobuf.Root.fromJSON({
  nested: {
    StringValue: { fields: { value: field('string', 1) } },
    UInt32Value: { fields: { value: field('uint32', 1) } },
    BoolValue: { fields: { value: field('bool', 1) } },
    Location: { fields: { region: field(text, 1), zone: field(text, 2), campus: field(text, 3) } },
    Instance: {
      fields: {
        id: field(text, 1),
        host: field(text, 4),
        port: field('UInt32Value', 5),
        protocol: field(text, 6),
        version: field(text, 7),
        weight: field('UInt32Value', 9),
        healthy: field('BoolValue', 11),
        isolate: field('BoolValue', 12),
        location: field('Location', 13),
        metadata: map(14),
        enableHealthCheck: field('BoolValue', 20),
      },
    },
    Service: {
      fields: {
        name: field(text, 1),
        namespace: field(text, 2),
        metadata: map(3),
        revision: field(text, 15),
      },
    },
    DiscoverRequest: { fields: { type: field('int32', 1), service: field('Service', 2) } },
    DiscoverResponse: {
      fields: {
        code: field('UInt32Value', 1),
        info: field(text, 2),
        type: field('int32', 3),
        service: field('Service', 4),
        instances: list('Instance', 5),
        services: list('Service', 9),
      },
    },
  },
});

const requestType = root.lookupType('DiscoverRequest');
export const responseType = root.lookupType('DiscoverResponse');

/** What a request is about; empty is anything. */
export function asked(namespace: string, name: string, revision: string): PolarisService {
  return {
    ...(name === '' ? {} : { name: { value: name } }),
    ...(namespace === '' ? {} : { namespace: { value: namespace } }),
    ...(revision === '' ? {} : { revision: { value: revision } }),
  };
}

export function encodeRequest(request: DiscoverRequest): Buffer {
  return Buffer.from(requestType.encode(requestType.fromObject(request)).finish());
}

/** Throws for what is no message. */
export function decodeResponse(bytes: Buffer): DiscoverResponse {
  return responseOf(responseType.decode(bytes));
}

/** Of a message, or of an object in its form. */
export function responseOf(message: object): DiscoverResponse {
  const response: DiscoverResponse = responseType.toObject(responseType.fromObject(message), { arrays: true });
  return response;
}
