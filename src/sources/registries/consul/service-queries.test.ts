/** The queries of services against a stand-in of a connection: each service has an index of its own. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentReply } from './agent-connection.ts';
import type { Realm } from './realm.ts';
import { ServiceQueries } from './service-queries.ts';

const realm: Realm = { scope: '', group: '', query: '' };

/** A stand-in of a connection: what waits is answered when the service changes, or when its turn is over. */
class ConnectionStandIn {
  readonly #indexes = new Map<string, number>();
  readonly #waiting = new Map<string, (reply: AgentReply) => void>();
  readonly asked: string[] = [];

  async get(target: string): Promise<AgentReply> {
    const url = new URL(target, 'http://agent');
    const name = url.pathname.split('/').at(-1) ?? '';
    this.asked.push(`${url.searchParams.has('tag') ? 'look' : 'ask'} ${name}`);
    if (Number(url.searchParams.get('index') ?? 0) < this.#indexOf(name)) return this.#reply(name);
    const { promise, resolve } = Promise.withResolvers<AgentReply>();
    this.#waiting.set(name, resolve);
    return promise;
  }

  get waiting(): readonly string[] {
    return [...this.#waiting.keys()].sort();
  }

  change(name: string): void {
    this.#indexes.set(name, this.#indexOf(name) + 1);
    this.endTurn(name);
  }

  endTurn(name: string): void {
    const answer = this.#waiting.get(name);
    this.#waiting.delete(name);
    answer?.(this.#reply(name));
  }

  refusal(): never {
    throw new Error('nothing is refused here');
  }

  #indexOf(name: string): number {
    return this.#indexes.get(name) ?? 5;
  }

  #reply(name: string): AgentReply {
    return { status: 200, headers: { 'x-consul-index': String(this.#indexOf(name)) }, body: Buffer.from('') };
  }
}

describe('queries of more services than can be waited for', () => {
  const names = new Map(['a', 'b', 'c', 'd'].map((name) => [name, '']));
  let connection = new ConnectionStandIn();
  let read: string[] = [];
  let queries: ServiceQueries | undefined;

  /** Two may wait, and two may be read. */
  const begin = async (): Promise<ServiceQueries> => {
    connection = new ConnectionStandIn();
    read = [];
    queries = new ServiceQueries({
      connection,
      most: 4,
      onReply: ({ name }) => {
        read.push(name.name);
        return 'read';
      },
      onRefused: () => {},
      onLost: (error) => {
        throw error;
      },
    });
    queries.update(realm, names, true);
    await expect.poll(() => connection.waiting).toEqual(['a', 'b']);
    expect(read.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    read = [];
    return queries;
  };
  afterEach(() => queries?.close());

  it('read who is said to have changed, and nobody else', async () => {
    const own = await begin();
    connection.asked.length = 0;
    connection.change('c');
    own.hint(realm, 'c');
    await expect.poll(() => read).toEqual(['c']);
    expect(connection.asked.filter((one) => one !== 'ask c')).toEqual([]);
  });

  it('wait for who changed last, and still read who lost its seat by that', async () => {
    const own = await begin();
    connection.change('c');
    own.hint(realm, 'c');
    await expect.poll(() => read).toEqual(['c']);
    connection.endTurn('a');
    await expect.poll(() => connection.waiting).toEqual(['b', 'c']);
    connection.change('a');
    own.hint(realm, 'a');
    await expect.poll(() => read).toEqual(['c', 'a']);
  });

  it('look for whose change it was, and read no other', async () => {
    const own = await begin();
    connection.change('d');
    own.noteChange(realm, 6);
    await expect.poll(() => read).toEqual(['d']);
    expect(
      connection.asked
        .filter((one) => one.startsWith('look'))
        .toSorted()
        .at(-1),
    ).toBe('look d');
  });

  it('look for nobody when who waited has changed', async () => {
    const own = await begin();
    connection.change('b');
    own.noteChange(realm, 6);
    await expect.poll(() => read).toEqual(['b']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(connection.asked.filter((one) => one.startsWith('look'))).toEqual([]);
  });
});
