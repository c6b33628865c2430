import { credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRegistrationClient, type RegistrationClient } from './registration-client.ts';

const address = { service: 'pay', namespace: 'Mesh', host: '10.0.0.1', port: 80 };
let server: Server;
let client: RegistrationClient;
let asked: (string | undefined)[];
/** The stand-in's answer; none where it is undefined. */
let answer: Buffer | undefined;

beforeEach(async () => {
  asked = [];
  answer = Buffer.from([0x0a, 0x04, 0x08, 0xc0, 0x9a, 0x0c]);
  const as = (bytes: Buffer): Buffer => bytes;
  const method = (path: string) => ({
    path: `/v1.PolarisGRPC/${path}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: as,
    requestDeserialize: as,
    responseSerialize: as,
    responseDeserialize: as,
  });
  server = new Server();
  server.addService(
    { Heartbeat: method('Heartbeat') },
    {
      Heartbeat: (
        call: { metadata: { get: (key: string) => unknown[] } },
        reply: (error: null, bytes: Buffer) => void,
      ) => {
        asked.push(call.metadata.get('x-polaris-token').map(String)[0]);
        if (answer !== undefined) reply(null, answer);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = createRegistrationClient(`127.0.0.1:${port}`, credentials.createInsecure(), {}, 's3cret');
});
afterEach(() => {
  client.close();
  server.forceShutdown();
});

it('a sign of life bears the token, and the code of the answer is told', async () => {
  expect(await client.beat(address)).toEqual({ code: 200_000, info: '' });
  expect(asked).toEqual(['s3cret']);
});

it('an answer that is none is no answer', async () => {
  answer = Buffer.from([0xff, 0xff]);
  await expect(client.beat(address)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it('what is asked rejects at once when it is closed', async () => {
  answer = undefined;
  const pending = expect(client.beat(address)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect.poll(() => asked).toHaveLength(1);
  client.close();
  await pending;
});

it('a method that the server does not have is a trouble, and no answer', async () => {
  await expect(client.deregister(address)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
