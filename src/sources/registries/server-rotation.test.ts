import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RetryPause } from './pauses.ts';
import { type ServerFailures, ServerRotation } from './server-rotation.ts';

/** Follows servers until there are as many visits as told; gives whom it asked, and what it was told. */
async function rotate(
  servers: readonly string[],
  visits: number,
  follow: (server: string, visit: number, rotation: ServerRotation<string>) => string | undefined,
): Promise<{ readonly asked: readonly string[]; readonly told: readonly ServerFailures[] }> {
  const over = new AbortController();
  const rotation = new ServerRotation(servers, over.signal);
  const asked: string[] = [];
  const told: ServerFailures[] = [];
  const visit = async (server: string): Promise<string | undefined> => {
    asked.push(server);
    return follow(server, asked.length, rotation);
  };
  const rest = vi.spyOn(RetryPause.prototype, 'rest').mockImplementation(async () => {
    if (asked.length === visits) over.abort();
  });
  await rotation.run(visit, (failures) => told.push(failures));
  expect(rest).toHaveBeenCalledTimes(visits);
  return { asked, told };
}

const fail = (server: string, visit: number): never => {
  throw new Error(`${server} is down, ${visit}`);
};

describe('the servers of a registry', () => {
  beforeEach(() => {
    vi.restoreAllMocks();
  });

  it('have their turns, and all failures since the last sound one are told', async () => {
    const { asked, told } = await rotate(['a', 'b'], 3, (server, visit, rotation) => {
      if (visit === 3) rotation.forgive();
      return fail(server, visit);
    });
    expect(asked).toEqual(['a', 'b', 'a']);
    expect(told).toEqual([
      { reason: 'a is down, 1', areAll: false },
      { reason: 'a is down, 1; b is down, 2', areAll: true },
      { reason: 'a is down, 3', areAll: false },
    ]);
  });

  it('are as many as there are names', async () => {
    const { asked, told } = await rotate(['a', 'a', 'b'], 2, fail);
    expect(asked).toEqual(['a', 'b']);
    expect(told.map(({ areAll }) => areAll)).toEqual([false, true]);
  });

  it('may be left without a failure, for the next one or for one that is better', async () => {
    const better: Readonly<Record<number, string>> = { 2: 'c', 3: 'a' };
    const { asked, told } = await rotate(['a', 'b', 'c'], 4, (_, visit) => better[visit]);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
    expect(told).toEqual([]);
  });

  it('are not asked any more, and fail no more, when all is over', async () => {
    const over = new AbortController();
    const told: ServerFailures[] = [];
    const asked: string[] = [];
    const follow = async (server: string): Promise<never> => {
      asked.push(server);
      over.abort();
      return fail(server, 1);
    };
    await new ServerRotation(['a', 'b'], over.signal).run(follow, (failures) => told.push(failures));
    await new ServerRotation(['c'], over.signal).run(follow, (failures) => told.push(failures));
    expect(asked).toEqual(['a']);
    expect(told).toEqual([]);
  });
});
