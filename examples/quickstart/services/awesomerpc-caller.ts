/** A caller of the order service. Replies find their requests by id, so that many may be in flight on one connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { encodePacket, type Packet, readPackets } from './awesomerpc-packets.ts';
import { PendingCalls } from './pending-calls.ts';

export interface OrderCaller {
  /** Sends one request; rejects when the connection ends before the reply, or the reply takes too long. */
  call(command: number, body: string): Promise<Packet>;
  close(): Promise<void>;
}

/** One connection, never renewed: when it is lost, all calls fail, and so it shows. */
export async function connectOrderCaller(host: string, port: number, timeoutMs?: number): Promise<OrderCaller> {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  const pending = new PendingCalls<Packet>(timeoutMs);
  let reason = 'the connection was closed';
  socket.on('error', (error) => {
    reason = `the connection was lost: ${error.message}`;
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      pending.failAll(new Error(reason));
      resolve();
    });
  });
  readPackets(socket, (reply) => pending.settle(reply.id, reply));
  let lastId = 0;
  return {
    call: async (command, body) => {
      lastId = (lastId + 1) >>> 0;
      const id = lastId;
      return pending.open(id, () => socket.write(encodePacket({ id, command, code: 0, body })));
    },
    close: async () => {
      socket.destroySoon();
      await closed;
    },
  };
}
