/** What buyer and thief have in common: they ask the store for the same two things, over and over. */
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const store = process.env.BOOKSTORE ?? 'http://bookstore.bookstore.svc.cluster.local:14001';
const PAUSE_MS = 50;

/** One connection for the one, and a new one each time for the other. */
const wishes = [
  { path: '/books-bought', agent: new Agent({ keepAlive: true, maxSockets: 1 }) },
  { path: '/buy-a-book/new', agent: new Agent({ keepAlive: false }) },
] as const;

/** Writes a line for each answer: `<path> <status, or why there is none> <Identity of the store> <what a restock came to>`. */
export async function shop(name: string): Promise<void> {
  const headers = { 'user-agent': 'Go-http-client/1.1', 'client-app': name };
  for (;;) {
    for (const { path, agent } of wishes) console.log(`${path} ${await ask(path, agent, headers)}`);
    await sleep(PAUSE_MS);
  }
}

function ask(path: string, agent: Agent, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve) => {
    const request = get(`${store}${path}`, { agent, headers, timeout: 10_000 }, (response) => {
      const { identity = '-', restocked = '-' } = response.headers;
      response.once('end', () => resolve(`${response.statusCode} ${identity} ${restocked}`));
      response.once('error', () => resolve('ECUT - -'));
      response.resume();
    });
    request.once('timeout', () => request.destroy(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })));
    request.once('error', (error) => resolve(`${'code' in error ? error.code : error.name} - -`));
  });
}
