/**
 * The fixed header of every Dubbo 2 frame:
 *
 *   0 magic dabb | 2 flags: 80 request, 40 two-way, 20 event, serialization in the low five bits | 3 status, of responses
 *   | 4 request id u64 | 12 length of the body i32 | 16 body
 */

export const headerBytes = 16;
export const magic = [0xda, 0xbb] as const;
export const at = { flags: 2, status: 3, id: 4, bodyLength: 12 } as const;
export const flag = { request: 0x80, twoWay: 0x40, event: 0x20 } as const;
const serializationMask = 0x1f;

/** The statuses that this codec writes or treats apart. */
export const ResponseStatus = {
  ok: 20,
  serverTimeout: 31,
  badResponse: 50,
  serviceNotFound: 60,
  serverError: 80,
  overloaded: 100,
} as const;

/** As org.apache.dubbo.remoting.exchange.Response names them. */
export const statusNames: ReadonlyMap<number, string> = new Map([
  [20, 'OK'],
  [25, 'SERIALIZATION_ERROR'],
  [30, 'CLIENT_TIMEOUT'],
  [31, 'SERVER_TIMEOUT'],
  [35, 'CHANNEL_INACTIVE'],
  [40, 'BAD_REQUEST'],
  [50, 'BAD_RESPONSE'],
  [60, 'SERVICE_NOT_FOUND'],
  [70, 'SERVICE_ERROR'],
  [80, 'SERVER_ERROR'],
  [90, 'CLIENT_ERROR'],
  [100, 'SERVER_THREADPOOL_EXHAUSTED_ERROR'],
]);

export const Serialization = { hessian2: 2, nativeHessian: 10 } as const;

/** As org.apache.dubbo.common.serialize.Constants numbers them. */
export const serializationNames: ReadonlyMap<number, string> = new Map([
  [2, 'hessian2'],
  [3, 'java'],
  [4, 'compactedjava'],
  [6, 'fastjson'],
  [7, 'nativejava'],
  [8, 'kryo'],
  [9, 'fst'],
  [10, 'native-hessian'],
  [11, 'avro'],
  [12, 'protostuff'],
  [16, 'gson'],
  [21, 'protobuf-json'],
  [22, 'protobuf'],
  [23, 'fastjson2'],
  [25, 'kryo2'],
  [27, 'msgpack'],
]);

export function serializationOf(flags: number): number {
  return flags & serializationMask;
}

/** Whether a frame with these flags has a body of Hessian 2; others are routed by their header only. */
export function isHessian(flags: number): boolean {
  const serialization = serializationOf(flags);
  return serialization === Serialization.hessian2 || serialization === Serialization.nativeHessian;
}
