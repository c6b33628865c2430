/**
 * How sockets are read: all into one buffer, from which what arrived is copied out at its own size. Node's streams take
 * a fresh buffer of 64 KiB for each read instead, which for small requests costs more than all that we do with them.
 */
import { type OnReadOpts, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ReadGarbage, youngCollector } from './read-garbage.ts';

const READ_BYTES = 64 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
const garbage = new ReadGarbage(youngCollector());

/** The `onread` option of a socket that hands what it reads to `receive`; the bytes are the receiver's. */
export function reading(receive: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: readBuffer,
    callback: (length) => {
      garbage.note(length);
      const bytes = Buffer.allocUnsafe(length);
      readBuffer.copy(bytes, 0, 0, length);
      receive(bytes);
      return true;
    },
  };
}

/**
 * The socket to use for an accepted one, which hands what it reads to `receive`. Node has `onread` for sockets that
 * connect, not for those that a server accepts: so the accepted socket's handle goes to a socket made here, and the
 * accepted one stays behind, for the server's books. Where Node has no such handle, or it is TLS, the accepted socket
 * itself is read.
 */
export function readAccepted(accepted: Socket, receive: (bytes: Buffer) => void): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (accepted instanceof TLSSocket || !takesBuffer(handle) || !Reflect.set(accepted, '_handle', null)) {
    accepted.on('data', receive);
    return accepted;
  }
  const options = { handle, allowHalfOpen: accepted.allowHalfOpen, onread: reading(receive) };
  // By reflection, since Node's types allow a `handle` of another kind only.
  const socket: Socket = Reflect.construct(Socket, [options]);
  socket.once('close', () => accepted.destroy());
  return socket;
}

function takesBuffer(handle: unknown): boolean {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'useUserBuffer' in handle &&
    typeof handle.useUserBuffer === 'function'
  );
}
