/** One question and its answer over gRPC, as bytes. */
import type { Client, Metadata } from '@grpc/grpc-js';
import { IsthmusError } from '../model/errors.ts';

const answerWithinMs = 15_000;

/** `path`: `/package.Service/Method`. Rejects with what gRPC says, and with UNAVAILABLE for an answer without a message. */
export function unaryCall(client: Client, path: string, request: Buffer, metadata: Metadata): Promise<Buffer> {
  const asIs = (buffer: Buffer): Buffer => buffer;
  const options = { deadline: Date.now() + answerWithinMs };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Buffer, Buffer>(path, asIs, asIs, request, metadata, options, (error, value) =>
      value === undefined ? reject(error ?? new IsthmusError('UNAVAILABLE', 'the answer is empty')) : resolve(value),
    );
  });
}
