/** A state folder that is not as it was left: addresses stay where they can, and what happened is said. */
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { HeldStateFolder } from '../../src/delivery/files/held-state-folder.ts';
import { messageOf } from '../../src/model/errors.ts';
import { InProcessPlane, serviceEntry } from '../e2e/in-process-plane.ts';
import { freePorts, runIsthmus } from '../e2e/isthmus-process.ts';

const names = Array.from({ length: 20 }, (_, n) => `service-${n}`);
let mesh: InProcessPlane;
const journal = () => mesh.at('state', 'leases.journal');
const serve = () => mesh.serve(['services.yaml']);
const addresses = async () =>
  Object.fromEntries((await mesh.leases()).map(({ key, ipv4, ipv6 }) => [key, [ipv4, ipv6]]));

beforeEach(async () => {
  mesh = await InProcessPlane.create();
  await mesh.write('services.yaml', names.map(serviceEntry).join('---\n'));
});

describe('a state folder', () => {
  it.each([
    ['emptied', () => truncate(journal(), 0), 'ISTH0903', 0],
    ['cut in the middle', async () => truncate(journal(), (await readFile(journal())).length / 2), 'ISTH0903', 0],
    ['overwritten with noise', () => writeFile(journal(), Buffer.alloc(5_000, '\u0000noise\n')), 'ISTH0902', 1],
    ['changed in one byte', () => flipped(700), 'ISTH0902', 1],
    ['lost', () => rm(journal()), undefined, 0],
  ])('whose leases were %s gives each host the address it had, and says so', async (_, harm, code, copies) => {
    await serve();
    const before = await addresses();
    expect(Object.keys(before)).toHaveLength(names.length);
    await mesh.stop();
    await harm();
    await serve();
    expect(await addresses()).toEqual(before);
    expect(mesh.codes()).toEqual(code === undefined ? [] : [code]);
    const kept = (await readdir(mesh.at('state'))).filter((name) => name.includes('.corrupt-'));
    expect(kept).toHaveLength(copies);
    await mesh.stop();
    await serve();
    expect([await addresses(), mesh.codes()]).toEqual([before, []]);
  });

  it.each([
    ['that a later version wrote', () => writeFile(journal(), laterVersion), 'a later version of isthmus'],
    ['that are no file', () => mkdir(journal()), 'is no regular file'],
  ])('with leases %s is left alone, and the start says why it ends', async (_, harm, why) => {
    await serve();
    await mesh.stop();
    await rm(journal());
    await harm();
    const parameters = ['-f', mesh.at('services.yaml'), '--state', mesh.at('state'), ...freePorts];
    const { code, stderr } = await runIsthmus(['run', ...parameters, '--log-level', 'error']);
    expect([code, stderr]).toEqual([69, expect.stringContaining(why)]);
    expect(stderr).toMatch(/^isthmus: .*\n$/);
    expect(await readdir(mesh.at('state'))).not.toContain('leases.journal.corrupt-1');
  });

  it('stays taken while the ranges of virtual IPs change', async () => {
    await Promise.all([mesh.write('mesh.yaml', meshConfigOf(10)), mesh.write('late.yaml', serviceEntry('late-10'))]);
    await mesh.serve(['services.yaml', 'mesh.yaml', 'late.yaml']);
    const lates = ['late-10'];
    const lease = () => mesh.leaseOf(`shop/${lates[0]}.shop.mesh`);
    let isChanging = true;
    const outcomes = new Set<string>();
    const intruder = (async () => {
      while (isChanging) {
        const other = new HeldStateFolder(mesh.at('state'));
        const outcome = other.take().then(() => 'taken', messageOf);
        outcomes.add(await outcome);
        other.release();
      }
    })();
    for (const range of [77, 78, 79]) {
      await mesh.write('mesh.yaml', meshConfigOf(range));
      await expect.poll(async () => (await lease())?.outsideRanges).toBe(true);
      lates.unshift(`late-${range}`);
      await mesh.write('late.yaml', lates.map(serviceEntry).join('---\n'));
      await expect.poll(async () => (await lease())?.ipv4).toContain(`10.${range}.`);
    }
    isChanging = false;
    await intruder;
    expect([...outcomes]).toEqual([`the state folder ${mesh.at('state')} is in use by another control plane`]);
  });

  it.runIf(process.platform === 'linux')(
    'that cannot be created hinders no start, and is a finding that metrics count',
    async () => {
      const stateFolder = '/proc/isthmus-state';
      await mesh.serve(['services.yaml'], { stateFolder });
      const [found, ...others] = mesh.plane?.findings() ?? [];
      expect([found?.code, found?.object, others]).toEqual([
        'ISTH0901',
        { kind: 'StateFolder', name: stateFolder },
        [],
      ]);
      const counted = (await (await mesh.fetch('/metrics')).text()).match(/^isthmus_findings.*$/gm);
      expect(counted).toEqual(
        ['error', 'warning', 'info'].map(
          (severity) => `isthmus_findings{severity="${severity}"} ${severity === found?.severity ? 1 : 0}`,
        ),
      );
    },
  );
});

const meshConfigOf = (range: number) => `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { virtualIps: { ipv4: [10.${range}.0.0/16] } }
`;
const laterVersion = 'abdfa794 {"format":"isthmus leases","version":2}\n';

async function flipped(at: number): Promise<void> {
  const bytes = await readFile(journal());
  bytes[at] = (bytes[at] ?? 0) ^ 0x20;
  await writeFile(journal(), bytes);
}
