/** Starts everything: services, the control plane on a folder of manifests, a proxy on each side, and load. */
import path from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { Demo, type DemoPorts, type DemoProtocol, MOVED_ADDRESS } from './demo.ts';
import { freePorts } from './free-ports.ts';
import { startIsthmus } from './isthmus-process.ts';
import { copyManifests } from './manifests.ts';
import { awesomerpc, thrift } from './protocols.ts';

export interface Mesh {
  /** The manifests that the control plane watches. */
  readonly manifestFolder: string;
  readonly demos: readonly Demo[];
  /** The control plane's admin address. */
  readonly admin: string;
}

/** Addresses in manifests/ behind which a version runs: the server-side proxy stands on them. */
const WORKLOAD_ADDRESSES = ['127.0.10.1', '127.0.10.2', MOVED_ADDRESS];
/** First of the four ports in manifests/ that belong to a protocol: the service's, version 1's, version 2's, the new version 1's. */
const settings = [
  { protocol: awesomerpc, firstPort: 19_010 },
  { protocol: thrift, firstPort: 19_020 },
];
const PORTS_EACH = 4;

/** Everything that is started is noted in `cleanup` at once. */
export async function startMesh(folder: string, cleanup: Cleanup, say: (text: string) => void): Promise<Mesh> {
  const { replacements, portsOf, addresses } = await choosePorts();
  const { xds, admin, clientAdmin, serverAdmin } = addresses;
  const manifests = copyManifests(path.join(folder, 'manifests'), replacements);
  const log = (name: string): string => path.join(folder, `${name}.log`);

  say('starting two versions of an awesomerpc server and of a Thrift server');
  const served = [];
  for (const { protocol } of settings) {
    const ports = portsOf(protocol);
    served.push({ protocol, ports, servers: await Demo.startServers(protocol, ports) });
  }

  say(`starting the control plane on ${manifests.folder}`);
  const run = ['run', '-f', manifests.folder, '--state', path.join(folder, 'state'), '--xds', xds];
  await startIsthmus(run, admin, log('control-plane'), cleanup);

  say('starting a server-side and a client-side metaproxy');
  const proxy = (id: string, namespace: string): readonly string[] => {
    return ['proxy', '--xds', xds, '--node', id, '--namespace', namespace];
  };
  const serverSide = [...proxy('server-side', 'machines'), '--address', ...WORKLOAD_ADDRESSES];
  await startIsthmus(serverSide, serverAdmin, log('server-side'), cleanup);
  await startIsthmus(proxy('client-side', 'shop'), clientAdmin, log('client-side'), cleanup);

  const demos: Demo[] = [];
  for (const { protocol, ports, servers } of served) {
    const virtualIp = await virtualIpOf(admin, protocol.target.host);
    say(`calling ${protocol.target.host} (${protocol.name}) at its virtual IP ${virtualIp}:${ports.service}`);
    const demo = await Demo.start(protocol, manifests, ports, virtualIp, servers);
    demos.push(
      cleanup.own(
        () => demo,
        () => demo.stop(),
      ),
    );
  }
  await checkProxies(admin);
  return { manifestFolder: manifests.folder, demos, admin };
}

interface ChosenPorts {
  /** From each port written in manifests/ to the one to use. */
  readonly replacements: ReadonlyMap<number, number>;
  portsOf(protocol: DemoProtocol): DemoPorts;
  readonly addresses: {
    readonly xds: string;
    readonly admin: string;
    readonly clientAdmin: string;
    readonly serverAdmin: string;
  };
}

async function choosePorts(): Promise<ChosenPorts> {
  const free = await freePorts(settings.length * PORTS_EACH + 4);
  const take = (): number => {
    const port = free.pop();
    if (port === undefined) throw new Error('as many ports as were asked for');
    return port;
  };
  const chosen = settings.map(({ protocol, firstPort }) => {
    const ports: DemoPorts = { service: take(), v1: take(), v2: take(), v1Moved: take() };
    return { protocol, firstPort, ports };
  });
  const replacements = new Map(
    chosen.flatMap(({ firstPort, ports: { service, v1, v2, v1Moved } }) =>
      [service, v1, v2, v1Moved].map((port, i) => [firstPort + i, port] as const),
    ),
  );
  const address = (): string => `127.0.0.1:${take()}`;
  return {
    replacements,
    portsOf: (protocol) => {
      const found = chosen.find((one) => one.protocol === protocol);
      if (found === undefined) throw new Error(`no ports were chosen for ${protocol.name}`);
      return found.ports;
    },
    addresses: { xds: address(), admin: address(), clientAdmin: address(), serverAdmin: address() },
  };
}

interface Lease {
  readonly key: string;
  readonly ipv4?: string;
}

async function virtualIpOf(admin: string, host: string): Promise<string> {
  const response = await fetch(`http://${admin}/api/v1/virtual-ips`);
  const leases: readonly Lease[] = JSON.parse(await response.text());
  const address = leases.find((lease) => lease.key.endsWith(`/${host}`))?.ipv4;
  if (address === undefined) throw new Error(`the control plane has no virtual IP for ${host}`);
  return address;
}

interface ProxyStatus {
  readonly id: string;
  readonly types: readonly { readonly type: string; readonly state: string; readonly error?: string }[];
}

/** Both proxies are there, and have refused nothing: else the load may flow past one of them, and nobody would notice. */
async function checkProxies(admin: string): Promise<void> {
  const response = await fetch(`http://${admin}/api/v1/proxies`);
  const proxies: readonly ProxyStatus[] = JSON.parse(await response.text());
  const refused = proxies.flatMap(({ id, types }) =>
    types.filter(({ state }) => state === 'NACKED').map(({ type, error }) => `${id} refused ${type}: ${error}`),
  );
  if (proxies.length !== 2) refused.push(`${proxies.length} proxies are connected instead of 2`);
  if (refused.length > 0) throw new Error(refused.join('; '));
}
