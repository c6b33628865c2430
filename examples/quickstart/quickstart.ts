/**
 * `npm run quickstart`: a small mesh on this machine, walked through under live load.
 *
 *   callers --virtual IP--> client-side metaproxy --> server-side metaproxy --> version 1, version 2
 *                                   ^                        ^
 *                                   +---- xDS: isthmus run --+     which watches a folder of manifests
 *
 * With --exit it ends by itself; --json FILE writes what was counted. Exit code 0 only if every phase behaved.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Demo, type DemoPorts, MOVED_ADDRESS } from './demo.ts';
import { freePorts } from './free-ports.ts';
import { type IsthmusProcess, startIsthmus } from './isthmus-process.ts';
import { copyManifests, type ManifestFolder } from './manifests.ts';
import { measureRouteUpdates, type PhaseResult, phases, runPhase } from './phases.ts';
import { awesomerpc, thrift } from './protocols.ts';
import { quantile, type Report, tableHeader, tableRow } from './report.ts';

const ROUTE_FLIPS = 12;
const say = (text: string): void => console.error(text);

interface Mesh {
  readonly manifests: ManifestFolder;
  readonly demos: readonly Demo[];
  readonly control: IsthmusProcess;
  stop(): Promise<void>;
}

/** Stops what was started, last first, so that nothing is left running whatever happens. */
class Cleanup {
  readonly #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}

const templatePorts = [19_010, 19_011, 19_012, 19_013, 19_020, 19_021, 19_022, 19_023] as const;

async function startMesh(folder: string, cleanup: Cleanup): Promise<Mesh> {
  const free = await freePorts(templatePorts.length + 4);
  const ports = new Map(templatePorts.map((written, i) => [written, free[i] ?? 0]));
  const portsFrom = (first: number): DemoPorts => ({
    service: ports.get(first as 19_010) ?? 0,
    v1: ports.get((first + 1) as 19_011) ?? 0,
    v2: ports.get((first + 2) as 19_012) ?? 0,
    v1Moved: ports.get((first + 3) as 19_013) ?? 0,
  });
  const [xds, controlAdmin, clientAdmin, serverAdmin] = free
    .slice(templatePorts.length)
    .map((port) => `127.0.0.1:${port}`);
  if (xds === undefined || controlAdmin === undefined || clientAdmin === undefined || serverAdmin === undefined)
    throw new Error('as many ports as were asked for');
  const manifests = copyManifests(path.join(folder, 'manifests'), ports);
  const log = (name: string): string => path.join(folder, `${name}.log`);

  say('starting two versions of an awesomerpc server and of a Thrift server');
  const settings = [
    { protocol: awesomerpc, ports: portsFrom(19_010) },
    { protocol: thrift, ports: portsFrom(19_020) },
  ];
  const served = [];
  for (const { protocol, ports } of settings)
    served.push({ protocol, ports, servers: await Demo.startServers(protocol, ports) });

  say(`starting the control plane on ${manifests.folder}`);
  const control = await startIsthmus(
    ['run', '-f', manifests.folder, '--state', path.join(folder, 'state'), '--xds', xds],
    controlAdmin,
    log('control-plane'),
  );
  cleanup.add(() => control.stop());

  say('starting a server-side and a client-side metaproxy');
  const proxyOf = (id: string, admin: string, extra: readonly string[]): Promise<IsthmusProcess> =>
    startIsthmus(['proxy', '--xds', xds, '--node', id, '--namespace', 'shop', ...extra], admin, log(id));
  const addresses = ['127.0.10.1', '127.0.10.2', MOVED_ADDRESS];
  const serverSide = await proxyOf('server-side', serverAdmin, ['--address', ...addresses]);
  cleanup.add(() => serverSide.stop());
  const clientSide = await proxyOf('client-side', clientAdmin, []);
  cleanup.add(() => clientSide.stop());

  const demos: Demo[] = [];
  for (const { protocol, ports, servers } of served) {
    const virtualIp = await virtualIpOf(controlAdmin, protocol.target.host);
    say(`calling ${protocol.target.host} (${protocol.name}) at its virtual IP ${virtualIp}:${ports.service}`);
    const demo = await Demo.start(protocol, manifests, ports, virtualIp, servers);
    cleanup.add(() => demo.stop());
    demos.push(demo);
  }
  return { manifests, demos, control, stop: () => cleanup.run() };
}

async function virtualIpOf(admin: string, host: string): Promise<string> {
  const response = await fetch(`http://${admin}/api/v1/virtual-ips`);
  const leases = (await response.json()) as readonly { readonly key: string; readonly ipv4?: string }[];
  const address = leases.find((lease) => lease.key.endsWith(`/${host}`))?.ipv4;
  if (address === undefined) throw new Error(`the control plane has no virtual IP for ${host}`);
  return address;
}

async function walk(mesh: Mesh, startupMs: number): Promise<Report> {
  const results = new Map<string, PhaseResult[]>(mesh.demos.map((demo) => [demo.protocol.name, []]));
  say(`\n${tableHeader()}`);
  for (const phase of phases) {
    const run = async (demo: Demo): Promise<void> => {
      const result = await runPhase(phase, demo);
      results.get(demo.protocol.name)?.push(result);
      say(tableRow(demo.protocol.name, result));
    };
    await Promise.all(mesh.demos.map(run));
  }
  for (const demo of mesh.demos) await demo.closeOldPlace();
  const updates = (await Promise.all(mesh.demos.map((demo) => measureRouteUpdates(demo, ROUTE_FLIPS)))).flat();
  const routeUpdateMs = { p50: round(quantile(updates, 0.5)), p99: round(quantile(updates, 0.99)) };
  const flipFailures = mesh.demos.reduce((sum, demo) => sum + demo.load.take().failed, 0);
  say(`\nroute update to the first request that follows it: p50 ${routeUpdateMs.p50} ms, p99 ${routeUpdateMs.p99} ms`);
  const all = [...results.values()].flat();
  const ok = flipFailures === 0 && all.every((phase) => phase.problem === undefined && phase.failed === 0);
  if (flipFailures > 0) say(`${flipFailures} requests failed while routes were flipped`);
  const protocols = Object.fromEntries([...results].map(([name, list]) => [name, { phases: list }]));
  return { ok, startupMs: round(startupMs), protocols, routeUpdateMs };
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function whatToTryNext(mesh: Mesh): string {
  const { admin } = mesh.control;
  return `
Everything stays up, with load on it. Try, in another terminal, in this folder:

  npx isthmus describe orders.shop.mesh --admin ${admin}
  npx isthmus proxy-status --admin ${admin}
  npx isthmus vip list --admin ${admin}
  npx isthmus proxy-config route client-side -o yaml --admin ${admin}

The mesh is a folder of manifests. Edit one and watch the answers follow:

  ${mesh.manifests.folder}

Then point the same program at your own: npx isthmus run -f FOLDER. Ctrl-C ends all of this.
`;
}

async function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { exit: { type: 'boolean', default: false }, json: { type: 'string' } } });
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-quickstart-'));
  const cleanup = new Cleanup();
  cleanup.add(async () => rmSync(folder, { recursive: true, force: true }));
  const interrupted = untilInterrupted();
  try {
    const started = performance.now();
    const mesh = await startMesh(folder, cleanup);
    const report = await walk(mesh, performance.now() - started);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
    say(report.ok ? '\nEvery phase behaved.' : '\nNot every phase behaved: see the rows marked above.');
    if (!values.exit) {
      say(whatToTryNext(mesh));
      await interrupted;
      say('stopping');
    }
    return report.ok ? 0 : 1;
  } finally {
    await cleanup.run();
  }
}

process.exitCode = await main();
