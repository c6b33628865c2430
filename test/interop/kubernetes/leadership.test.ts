import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { aheadMs, LeaseScene, longTimes, shortTimes } from './lease-scene.ts';

/** Of the clock by which replicas measure how long a holder was silent, in milliseconds. */
const resolutionMs = 10;

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

describe('of two replicas', () => {
  it('one writes, however their clocks differ, and the other takes over at once when it is shut down', async () => {
    await scene.twoReplicas(longTimes);
    await scene.untilRenewed('first', 3);
    expect(scene.writes('ahead')).toBe(0);
    await scene.signal('first', 'SIGTERM');
    // The lease had ten minutes to go.
    await scene.untilWritten('ahead');
    expect(await scene.strayWrites()).toEqual([]);
    expect(scene.holding('')).toHaveLength(1);
  });

  it('the other takes over when the lease of one that was killed is over, and no sooner', async () => {
    await scene.twoReplicas(shortTimes);
    await scene.untilRenewed('first', 3);
    await scene.signal('first', 'SIGKILL');
    await scene.untilWritten('ahead');
    // Of its writes, none came before it held the Lease; and of when that was, the Lease says it itself.
    expect(await scene.strayWrites()).toEqual([]);
    const renewed = scene.holding('first').at(-1)?.renewed ?? Number.NaN;
    const taken = (scene.holding('ahead')[0]?.acquired ?? Number.NaN) - aheadMs;
    expect(taken - renewed).toBeGreaterThanOrEqual(shortTimes.leaseMs - resolutionMs);
  });

  it('one that stood still writes nothing when it goes on, be it in the middle of a write', async () => {
    await scene.twoReplicas(shortTimes);
    await scene.untilWritten('first', 50);
    await scene.signal('first', 'SIGSTOP');
    await scene.untilWritten('ahead');
    await scene.signal('first', 'SIGCONT');
    await scene.untilTold('first', { isWriter: false, holder: 'ahead' });
    await scene.untilWritten('ahead', 50);
    expect(await scene.strayWrites()).toEqual([]);
    await scene.signal('ahead', 'SIGTERM');
    await scene.untilWritten('first');
    expect(await scene.strayWrites()).toEqual([]);
  });

  it('none may write while the API server stands still, and one does when it goes on', async () => {
    await scene.twoReplicas(shortTimes);
    await scene.untilWritten('first', 50);
    kubernetes.freeze();
    await scene.untilTold('first', { isWriter: false });
    await scene.untilTold('ahead', { isWriter: false });
    kubernetes.thaw();
    const written = (): number => scene.writes('first') + scene.writes('ahead');
    const before = written();
    await expect.poll(written).toBeGreaterThan(before + 20);
    expect(await scene.strayWrites()).toEqual([]);
  });

  it('the one that holds a Lease that somebody deleted has it again, and nobody writes beside it', async () => {
    await scene.twoReplicas(shortTimes);
    await scene.untilWritten('first', 50);
    expect(await kubernetes.kubectl(['delete', 'lease', 'isthmus'])).toMatchObject({ code: 0 });
    await scene.untilRenewed('first', 3);
    await scene.untilWritten('first', 50);
    expect(scene.writes('ahead')).toBe(0);
    const holder = ['get', 'lease', 'isthmus', '-o', 'jsonpath={.spec.holderIdentity}'];
    await expect.poll(async () => (await kubernetes.kubectl(holder)).stdout).toBe('first');
  });
});
