/** Asks what it is told to, from where it is: an Errand (../errand.ts) a line in, its outcomes a line out, in the same order. */
import { readFileSync } from 'node:fs';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Errand, Outcome } from '../errand.ts';

const AT_ONCE = 8;
const TIMEOUT_MS = 20_000;

for await (const line of createInterface(process.stdin)) {
  const errand: Errand = JSON.parse(line);
  console.log(JSON.stringify(await run(errand)));
}

async function run(errand: Errand): Promise<readonly Outcome[]> {
  const { count = 1 } = errand;
  const agent = agentFor(errand, count > 1);
  const outcomes = new Map<string, Outcome>();
  let asked = 0;
  const ask = async (): Promise<void> => {
    while (asked < count) {
      asked += 1;
      const outcome = await askOnce(errand, agent);
      const key = `${outcome.status} ${outcome.error} ${outcome.identity}`;
      const same = outcomes.get(key) ?? { ...outcome, count: 0 };
      outcomes.set(key, { ...same, count: same.count + 1 });
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, AT_ONCE) }, ask));
  agent.destroy();
  return [...outcomes.values()];
}

function agentFor({ url, certificates }: Errand, keepAlive: boolean): Agent {
  if (!url.startsWith('https:')) return new Agent({ keepAlive });
  if (certificates === undefined) return new TlsAgent({ keepAlive, rejectUnauthorized: false });
  const read = (file: string): Buffer => readFileSync(path.join(certificates, file));
  // Workloads have no names that a visitor could verify; who he is matters here.
  return new TlsAgent({ keepAlive, cert: read('cert-chain.pem'), key: read('key.pem'), rejectUnauthorized: false });
}

function askOnce({ url, method = 'GET', headers = {} }: Errand, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const open = url.startsWith('https:') ? tlsRequest : request;
    const opened: ClientRequest = open(url, { method, headers, agent, timeout: TIMEOUT_MS }, (response) => {
      read(response).then(resolve, (error: unknown) => resolve(none(error)));
    });
    opened.once('timeout', () => opened.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })));
    opened.once('error', (error) => resolve(none(error)));
    opened.end();
  });
}

async function read(response: IncomingMessage): Promise<Outcome> {
  const { identity } = response.headers;
  const outcome = { status: response.statusCode ?? 0, body: await text(response), count: 1 };
  return typeof identity === 'string' ? { ...outcome, identity } : outcome;
}

function none(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return { status: 0, error: code, body: '', count: 1 };
}
