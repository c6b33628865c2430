import { expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { startMetaproxy } from '../metaproxy.ts';
import { startHealth } from './health-server.ts';

const ask = async (port: number, path: string, init: RequestInit = {}): Promise<readonly [number, string]> => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return [answer.status, await answer.text()];
};

it('tells that a proxy is ready, and nothing else of it', async () => {
  const [port = 0] = await freePorts(1);
  const running = await startMetaproxy({ bootstrap: {} });
  const health = await startHealth(port, running);
  onTestFinished(async () => {
    await health.close();
    await running.stop();
  });
  await expect.poll(() => ask(port, '/ready')).toEqual([200, 'ok\n']);
  expect((await ask(port, '/ready', { method: 'POST' }))[0]).toBe(404);
  expect((await ask(port, '/config_dump'))[0]).toBe(404);
});

it('tells why it is not, also where that cannot be told', async () => {
  const [port = 0] = await freePorts(1);
  const reasons = ['no configuration yet'];
  const unready = async (): Promise<string> => {
    const [reason] = reasons.splice(0, 1);
    if (reason === undefined) throw new Error('broken');
    return reason;
  };
  const health = await startHealth(port, { unready });
  onTestFinished(() => health.close());
  expect(await ask(port, '/ready')).toEqual([503, 'no configuration yet\n']);
  expect((await ask(port, '/ready'))[0]).toBe(503);
});

it('says which port cannot be had', async () => {
  const [port = 0] = await freePorts(1);
  const first = await startHealth(port, { unready: async () => undefined });
  onTestFinished(() => first.close());
  await expect(startHealth(port, { unready: async () => undefined })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`--health-port ${port}`),
  });
});
