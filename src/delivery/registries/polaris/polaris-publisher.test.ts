import { afterEach, describe, expect, it } from 'vitest';
import { IsthmusError } from '../../../model/errors.ts';
import type { Publication } from '../../../model/publication.ts';
import { type Found, PolarisPublisher } from './polaris-publisher.ts';
import type { Reply } from './registration-messages.ts';

const open: PolarisPublisher[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const publication = (...addresses: readonly string[]): Publication => ({
  key: 'polaris/Mesh/pay',
  registry: 'polaris',
  namespace: 'Mesh',
  name: 'pay',
  service: 'shop/pay.shop',
  instances: addresses.map((address) => ({
    address,
    port: 80,
    protocol: 'http',
    weight: 1,
    labels: {},
    locality: { region: '', zone: '', subzone: '' },
  })),
});

/** A stand-in for a server, which shows at once what was written. */
function server({ mayRemove = true, code = 200_000, ttl = 1 } = {}) {
  const shown = new Map<string, string>();
  const calls: string[] = [];
  const troubles: string[] = [];
  const state = { isDown: false, mayRemove, code };
  const reply = async (call: string, host: string, apply: () => void): Promise<Reply> => {
    calls.push(`${call} ${host}`);
    if (state.code === 200_000) apply();
    return { code: state.code, info: 'said so' };
  };
  const read = (): Found => ({
    revision: '',
    instances: [...shown].map(([host, mark]) => ({
      host,
      port: 80,
      protocol: 'http',
      weight: 100,
      location: { region: '', zone: '', campus: '' },
      metadata: mark === '' ? {} : { 'isthmus.dev/publisher': mark },
    })),
  });
  const publisher = new PolarisPublisher({
    namespace: 'Mesh',
    publisher: 'isthmus',
    ttl,
    mayRemove: () => state.mayRemove,
    onTrouble: (reason) => troubles.push(reason),
    connect: async () => {
      if (state.isDown) throw new IsthmusError('UNAVAILABLE', 'it is down');
      return {
        client: {
          register: async ({ host, metadata }) =>
            reply('register', host, () => shown.set(host, metadata['isthmus.dev/publisher'] ?? '')),
          deregister: async ({ host }) => reply('deregister', host, () => shown.delete(host)),
          beat: async ({ host }) => reply('beat', host, () => {}),
          close: () => {},
        },
        reader: { services: async () => ['pay'], instances: async () => read(), close: () => {} },
      };
    },
  });
  open.push(publisher);
  const want = (...addresses: readonly string[]) =>
    publisher.take([{ name: 'pay', publication: addresses.length === 0 ? undefined : publication(...addresses) }]);
  return { publisher, shown, calls, troubles, state, want };
}

const hosts = ({ shown }: ReturnType<typeof server>) => [...shown.keys()].sort();

describe('a mesh service that is registered', () => {
  it('is written once, and renewed as long as it is wanted', async () => {
    const test = server();
    test.want('10.0.0.1');
    test.publisher.start();
    await expect.poll(() => test.calls.filter((call) => call === 'beat 10.0.0.1').length).toBe(3);
    expect(test.calls.filter((call) => !call.startsWith('beat'))).toEqual(['register 10.0.0.1']);
  });

  it('follows a change at once', async () => {
    const test = server({ ttl: 3_600 });
    test.want('10.0.0.1');
    test.publisher.start();
    // All is as it should be, and the next turn of itself is an hour away.
    await expect.poll(() => test.calls).toEqual(['register 10.0.0.1', 'beat 10.0.0.1']);
    test.want('10.0.0.2');
    await expect.poll(() => hosts(test)).toEqual(['10.0.0.2']);
  });

  it('in an earlier run goes when it is not wanted any more; not before all is known that is', async () => {
    const test = server({ mayRemove: false });
    test.shown.set('10.0.0.1', 'isthmus').set('10.0.0.2', 'isthmus').set('10.0.0.3', '');
    test.want('10.0.0.2');
    test.publisher.start();
    await expect.poll(() => test.calls).toContain('beat 10.0.0.2');
    expect(hosts(test)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    test.state.mayRemove = true;
    await expect.poll(() => hosts(test)).toEqual(['10.0.0.2', '10.0.0.3']);
  });

  it('stays when we stop, and goes when it is withdrawn', async () => {
    const test = server();
    test.want('10.0.0.1');
    test.publisher.start();
    await expect.poll(() => hosts(test)).toEqual(['10.0.0.1']);
    await test.publisher.close();
    expect(hosts(test)).toEqual(['10.0.0.1']);
    test.state.mayRemove = false;
    await test.publisher.withdraw();
    expect(hosts(test)).toEqual([]);
  });

  it('is told when the server refuses it, or is down, and is written when it is back', async () => {
    const test = server({ code: 401_000 });
    test.want('10.0.0.1');
    test.publisher.start();
    await expect.poll(() => test.troubles).toEqual(['pay at 10.0.0.1:80: the server answers 401000, said so']);
    test.state.code = 200_000;
    await expect.poll(() => test.troubles.at(-1)).toBe('');
    const down = server();
    down.state.isDown = true;
    down.want('10.0.0.1');
    down.publisher.start();
    await expect.poll(() => down.troubles).toEqual(['it is down']);
    down.state.isDown = false;
    await expect.poll(() => hosts(down)).toEqual(['10.0.0.1']);
    await expect.poll(() => down.troubles.at(-1)).toBe('');
  });
});
