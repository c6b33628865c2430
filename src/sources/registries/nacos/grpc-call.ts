/** Nacos' one call over gRPC: a request that names a Java class, and its answer. */
import { type CallOptions, Client, type ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import { IsthmusError } from '../../../model/errors.ts';
import type { GrpcConnection } from '../grpc-connection.ts';
import { decodePayload, encodePayload, type Payload } from './naming-payload.ts';

const checkMs = 3_000;
const maxAnswerBytes = 50 * 1024 * 1024;

/** Whether a server speaks gRPC there. */
export async function isGrpcServed(connection: GrpcConnection): Promise<boolean> {
  const client = clientOf(connection);
  try {
    const answer = await unary(client, { type: 'ServerCheckRequest', headers: {}, body: {} }, checkMs, new Set());
    return answer.body.resultCode === 200;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

export function clientOf({ address, credentials, options }: GrpcConnection): Client {
  return new Client(address, credentials, {
    'grpc.max_receive_message_length': maxAnswerBytes,
    // Two clients of one server must not share a connection, which is what the server knows them by.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    ...options,
  });
}

/** `calls`: those in flight. Rejects with what gRPC says. */
export async function unary(
  client: Client,
  payload: Payload,
  deadlineMs: number,
  calls: Set<ClientUnaryCall>,
): Promise<Payload> {
  const { promise, resolve, reject } = Promise.withResolvers<Payload>();
  const options: CallOptions = { deadline: Date.now() + deadlineMs };
  const call = client.makeUnaryRequest(
    '/Request/request',
    encodePayload,
    decodePayload,
    payload,
    new Metadata(),
    options,
    (error, answer) => {
      if (error !== null) reject(error);
      else if (answer === undefined) reject(new IsthmusError('UNAVAILABLE', 'the answer is empty'));
      else resolve(answer);
    },
  );
  calls.add(call);
  return promise.finally(() => calls.delete(call));
}
