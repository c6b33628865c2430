/** Starts everything: VMs and pods, the registry, the control plane, a client-side proxy, and load on the address. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { freePorts } from '../quickstart/free-ports.ts';
import { startIsthmus } from '../quickstart/isthmus-process.ts';
import { startLoad } from '../quickstart/load.ts';
import { awesomerpc } from '../quickstart/protocols.ts';
import { isthmusCommands } from './isthmus-commands.ts';
import { startLegacyRegistry } from './legacy-registry.ts';
import type { Story } from './walk.ts';

export interface RunningStory extends Story {
  readonly admin: string;
  readonly manifestFolder: string;
}

const VMS = ['127.0.30.1', '127.0.30.2'];
const PODS = ['127.0.20.1', '127.0.20.2'];
const CALLERS = 3;

export async function startStory(folder: string, cleanup: Cleanup, say: (text: string) => void): Promise<RunningStory> {
  const [vmPort = 0, servicePort = 0, podPort = 0, ...others] = await freePorts(6);
  const [xds, admin, proxyAdmin] = others.map((port) => `127.0.0.1:${port}`) as [string, string, string];
  const ports = new Map([
    [19_031, vmPort],
    [19_040, servicePort],
    [19_041, podPort],
  ]);
  const read = (file: string): string =>
    readFileSync(path.join(import.meta.dirname, file), 'utf8').replace(/\b19\d{3}\b/g, (port) =>
      String(ports.get(Number(port)) ?? port),
    );

  say('starting two "VMs" and two "pods" that serve orders');
  for (const [version, hosts, port] of [['v1', VMS, vmPort] as const, ['v2', PODS, podPort] as const]) {
    for (const host of hosts) {
      const server = await awesomerpc.startServer({ version, host, port });
      cleanup.own(
        () => server,
        () => server.close(),
      );
    }
  }
  const setting = { folder, manifest: read('manifests/registry.yaml'), snapshot: read('registry.json') };
  const registry = await startLegacyRegistry(setting, cleanup);
  say(`the registry is ${registry.description}`);
  const manifestFolder = path.join(folder, 'manifests');
  mkdirSync(manifestFolder);
  for (const file of readdirSync(path.join(import.meta.dirname, 'manifests')))
    writeFileSync(
      path.join(manifestFolder, file),
      file === 'registry.yaml' ? registry.manifest : read(`manifests/${file}`),
    );

  say(`starting the control plane on ${manifestFolder}`);
  const log = (name: string): string => path.join(folder, `${name}.log`);
  const control = ['run', '-f', manifestFolder, '--state', path.join(folder, 'state'), '--xds', xds];
  await startIsthmus(control, admin, log('control-plane'), cleanup);
  const proxy = ['proxy', '--xds', xds, '--node', 'client-side', '--namespace', 'shop'];
  await startIsthmus(proxy, proxyAdmin, log('client-side'), cleanup);

  const isthmus = isthmusCommands(admin, manifestFolder, 'order-rpc');
  const { addresses } = await isthmus.status();
  const [address = ''] = addresses;
  say(`calling order-rpc.legacy.mesh at ${address}:${vmPort}`);
  const callers = await Promise.all(Array.from({ length: CALLERS }, async () => awesomerpc.connect(address, vmPort)));
  const load = cleanup.own(
    () => startLoad(callers),
    (started) => started.stop(),
  );
  return { registry, isthmus, load, admin, manifestFolder };
}
