/** A caller of the greeter, by Apache's own Thrift library: one connection, one request in flight. */
import { once } from 'node:events';
import { createClient, createConnection } from 'thrift';
import { Client, framedBinary, type Method } from './greeter.ts';
import { PendingCalls } from './pending-calls.ts';

export interface GreeterCaller {
  /** Sends one request; rejects with what the server threw, or when the connection ends, or a reply takes too long. */
  call(method: Method, name: string): Promise<string>;
  close(): Promise<void>;
}

/** One connection, never renewed: when it is lost, all calls fail, and so it shows. */
export async function connectGreeterCaller(host: string, port: number, timeoutMs?: number): Promise<GreeterCaller> {
  const connection = createConnection(host, port, framedBinary);
  await once(connection, 'connect');
  const pending = new PendingCalls<string>(timeoutMs);
  let reason = 'the connection was closed';
  connection.on('error', (error) => {
    reason = `the connection was lost: ${error.message}`;
    connection.destroy();
  });
  const closed = new Promise<void>((resolve) => {
    connection.once('close', () => {
      pending.failAll(new Error(reason));
      resolve();
    });
  });
  const client = createClient({ Client }, connection);
  let calls = 0;
  return {
    call: async (method, name) => {
      const id = ++calls;
      return pending.open(id, () => {
        client[method](name).then(
          (greeting) => pending.settle(id, greeting),
          (error: Error) => pending.fail(id, error),
        );
      });
    },
    close: async () => {
      // Not end(), which would wait for the server to close its side.
      connection.destroy();
      await closed;
    },
  };
}
