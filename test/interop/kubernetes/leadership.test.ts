import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { LeaseScene, shortTimes } from './lease-scene.ts';

let kubernetes: KubernetesServer;
let scene: LeaseScene;
beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
});
afterAll(async () => {
  await kubernetes?.stop();
});
beforeEach(async () => {
  scene = await LeaseScene.begin(kubernetes);
});
afterEach(async () => {
  await scene.end();
});

/** Until it has written so often more than now. */
async function untilWritten(who: string, more = 5): Promise<void> {
  const before = scene.writesOf(who).length;
  await expect.poll(() => scene.writesOf(who).length).toBeGreaterThanOrEqual(before + more);
}

async function twoReplicas(): Promise<void> {
  scene.replica('first');
  await untilWritten('first');
  // Its clock is an hour ahead.
  scene.replica('ahead');
}

describe('of two replicas', () => {
  it('one writes, however their clocks differ, and the other takes over at once when it is shut down', async () => {
    await twoReplicas();
    await untilWritten('first', 200);
    expect(scene.writesOf('ahead')).toEqual([]);
    await scene.signal('first', 'SIGTERM');
    await untilWritten('ahead');
    const released = scene.changes().find(({ kind, who }) => kind === 'holder' && who === '');
    expect(released).toBeDefined();
    expect(scene.strayWrites()).toEqual([]);
  });

  it('the other takes over when the lease of one that was killed is over, and no sooner', async () => {
    await twoReplicas();
    await untilWritten('first', 50);
    await scene.signal('first', 'SIGKILL');
    await untilWritten('ahead');
    const renewed = scene.changes().findLast(({ kind, who }) => kind === 'holder' && who === 'first')?.at ?? 0;
    const taken = scene.changes().find(({ kind, who }) => kind === 'holder' && who === 'ahead')?.at ?? 0;
    expect(taken - renewed).toBeGreaterThan(shortTimes.renewDeadlineMs);
    expect(scene.strayWrites()).toEqual([]);
  });

  it('one that stood still writes nothing when it goes on, be it in the middle of a write', async () => {
    await twoReplicas();
    await untilWritten('first', 50);
    await scene.signal('first', 'SIGSTOP');
    await untilWritten('ahead');
    await scene.signal('first', 'SIGCONT');
    await untilWritten('ahead', 200);
    expect(scene.strayWrites()).toEqual([]);
    await scene.signal('ahead', 'SIGTERM');
    await untilWritten('first');
    expect(scene.strayWrites()).toEqual([]);
  });

  it('none writes while the API server stands still, and one does when it goes on', async () => {
    await twoReplicas();
    await untilWritten('first', 50);
    kubernetes.freeze();
    await pause(shortTimes.leaseMs * 2);
    kubernetes.thaw();
    const written = scene.writesOf('first').length + scene.writesOf('ahead').length;
    await expect
      .poll(() => scene.writesOf('first').length + scene.writesOf('ahead').length)
      .toBeGreaterThan(written + 20);
    expect(scene.strayWrites()).toEqual([]);
  });

  it('the one that holds a Lease that somebody deleted has it again, and nobody writes beside it', async () => {
    await twoReplicas();
    await untilWritten('first', 50);
    expect(await kubernetes.kubectl(['delete', 'lease', 'isthmus'])).toMatchObject({ code: 0 });
    await untilWritten('first', 50);
    expect(scene.writesOf('ahead')).toEqual([]);
    await expect
      .poll(
        async () =>
          (await kubernetes.kubectl(['get', 'lease', 'isthmus', '-o', 'jsonpath={.spec.holderIdentity}'])).stdout,
      )
      .toBe('first');
  });
});
