/** Input that may never end: read up to a bound, and refused beyond it, not kept. */
import { IsthmusError } from './errors.ts';

/** Throws BAD_DATA when there are more than `maxBytes`. `what` names the input. */
export async function readBounded(stream: AsyncIterable<unknown>, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new IsthmusError('BAD_DATA', `${what} has more than ${maxBytes / 1024 / 1024} MiB; give less of it.`);
    chunks.push(piece);
  }
  return Buffer.concat(chunks, bytes);
}
