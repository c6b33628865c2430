/**
 * What test/interop/redirection.test.ts runs inside a network namespace of its own: three machines, each with a stock
 * Envoy that connections are redirected to, and applications that know nothing of it. This one calls, and offers no service.
 * Prints one JSON object.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectByTls } from 'node:tls';
import { promisify } from 'node:util';
import type { Interception } from '../../src/model/proxy.ts';
import { Machine, sh } from './network-namespaces.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const program = `${process.execPath} ${path.join(root, 'dist/isthmus.mjs')}`;
const redirect = `sh ${path.join(root, 'examples/interception/redirect.sh')}`;
const workload = path.join(import.meta.dirname, 'redirection-workload.ts');
const envoy = process.argv[2] ?? '';
const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-redirection-'));
const at = (name: string): string => path.join(folder, name);
const children: ChildProcess[] = [];

const here = ['10.9.0.1', 'fd09::1'];
const there = ['10.9.0.2', 'fd09::2'];
/** Whom Envoy runs as here; where there are no users but one, nothing is redirected but what is for virtual IPs. */
const proxyUser = process.argv[3];

const entry = (name: string, address: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: books }
spec:
  hosts: [${name}.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: 80, name: http-web, protocol: HTTP, targetPort: 8080 }
    - { number: 3306, name: tcp-greeting, protocol: TCP }
    - { number: 443, name: tls-vault, protocol: TLS, targetPort: 8443 }
  endpoints: [{ address: "${address}", serviceAccount: bookstore }]
---
`;

const instance = (name: string, address: string): string => `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${name}, namespace: books, labels: { app: stock } }
spec: { address: ${address}, serviceAccount: bookstore }
---
`;

const stock = `apiVersion: v1
kind: Service
metadata: { name: stock, namespace: books }
spec:
  clusterIP: None
  selector: { app: stock }
  ports: [{ name: http-web, port: 8080 }, { name: tcp-greeting, port: 3306 }]
---
${instance('stock-0', '10.9.0.2')}${instance('stock-1', '"fd08::2"')}`;

/** The caller is in the zone of the depot. */
const twoZones = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: near, namespace: books }
spec:
  hosts: [near.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 3306, name: tcp-greeting, protocol: TCP }]
  endpoints:
    - { address: 10.9.0.2, serviceAccount: bookstore, locality: eu/b }
    - { address: "fd08::2", serviceAccount: bookstore, locality: eu/a }
---
`;

const manifest = `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Enforced } }
---
${entry('bookstore', '10.9.0.2')}${entry('bookstore6', 'fd09::2')}${stock}${twoZones}apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: books, namespace: books }
spec: { matches: [{ name: books, pathRegex: /books, methods: [GET] }] }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: greeting, namespace: books }
spec: { matches: { ports: [3306, 8443] } }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: requests, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: bookstore, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: books }]
  sources: [{ kind: ServiceAccount, name: bookbuyer, namespace: books }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: greetings, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: bookstore, namespace: books }
  rules: [{ kind: TCPRoute, name: greeting }]
  sources: [{ kind: ServiceAccount, name: bookbuyer, namespace: books }]
`;

function own(child: ChildProcess): ChildProcess {
  children.push(child);
  return child;
}

async function ready(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function isthmus(line: string): Promise<string> {
  const [command = '', ...parameters] = `${program} ${line}`.split(' ');
  const { stdout } = await run(command, parameters);
  return stdout;
}

async function startControlPlane(): Promise<void> {
  const line = `${program} run -f ${at('manifests')} --state ${at('state')} --xds-tls [fd09::1]:15012 --dns 127.0.0.1:53 --log-level error`;
  const [command = '', ...parameters] = line.split(' ');
  own(spawn(command, parameters, { stdio: ['ignore', 'ignore', 'inherit'] }));
  while (!(await ready('http://127.0.0.1:15014/readyz'))) await sleep(20);
  writeFileSync(at('roots.pem'), await isthmus(`token roots --state ${at('state')}`));
}

/** The file to start Envoy with. */
async function bootstrap(
  name: string,
  account: string,
  addresses: readonly string[],
  interception: Interception = 'redirect',
): Promise<string> {
  const who = `-n books --service-account ${account}`;
  writeFileSync(at(`${name}.token`), await isthmus(`token create --state ${at('state')} ${who}`));
  const where = `--xds-tls [fd09::1]:15012 --certificates ${at(name)} --token-file ${at(`${name}.token`)}`;
  const how = `--address ${addresses.join(' ')} --interception ${interception} --locality eu/a --strict --roots ${at('roots.pem')}`;
  const file = at(`${name}.yaml`);
  writeFileSync(file, await isthmus(`proxy bootstrap --name ${name} ${who} ${how} ${where}`));
  return file;
}

const flags = '--concurrency 1 --disable-hot-restart --reject-unknown-dynamic-fields -l warning --log-path';

/** What comes in, with the destination that it had: to a transparent socket, as for one of this machine. */
async function handOver(machine: Machine): Promise<void> {
  writeFileSync(
    at('tproxy.nft'),
    `table ip6 handed {
      chain inbound {
        type filter hook prerouting priority -150;
        iifname lo return
        meta l4proto tcp socket transparent 1 meta mark set 1 accept
        meta l4proto tcp fib daddr type local tproxy to :15006 meta mark set 1
      }
    }`,
  );
  await machine.sh(`nft -f ${at('tproxy.nft')}`);
  await machine.sh('ip -6 rule add fwmark 1 lookup 100');
  await machine.sh('ip -6 route add local default dev lo table 100');
}

async function startWorkload(
  machine: Machine,
  name: string,
  addresses: readonly string[],
  listens: string,
  interception: Interception,
): Promise<void> {
  await (interception === 'redirect' ? machine.sh(`${redirect} up`) : handOver(machine));
  const application = own(machine.spawn(`${process.execPath} ${workload} ${name} ${listens}`));
  await once(application.stdout ?? application, 'data');
  const file = await bootstrap(name, 'bookstore', addresses, interception);
  own(machine.spawn(`${envoy} -c ${file} ${flags} ${at(`${name}.log`)}`));
}

async function untilAnswered(host: string, port: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await ask(host, port, '/books')).startsWith('200') && performance.now() < deadline) await sleep(50);
}

/** What a program gets of an HTTP server: status and body, or why there is none. */
function ask(host: string, port: number, resource: string): Promise<string> {
  const options = { host, port, path: resource, timeout: 30_000, agent: false };
  return new Promise((resolve) => {
    get(options, (response) => void text(response).then((body) => resolve(`${response.statusCode} ${body}`)))
      .on('error', () => resolve('no answer'))
      .on('timeout', () => resolve('silence'));
  });
}

/** The first words of a server, to a client that says none. */
async function listen(host: string, port: number): Promise<string> {
  const socket = connect({ host, port }).setTimeout(12_000, () => socket.destroy(new Error('silence')));
  return text(socket).catch((error: unknown) => String(error));
}

/** What a server says by TLS that ends there, and nowhere before. */
async function listenByTls(host: string, port: number, servername: string): Promise<string> {
  const psk = { psk: Buffer.from('secret'), identity: 'client' };
  const options = { host, port, servername, ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const socket = connectByTls({ ...options, pskCallback: () => psk, checkServerIdentity: () => undefined });
  socket.setTimeout(12_000, () => socket.destroy(new Error('silence')));
  return text(socket).catch((error: unknown) => String(error));
}

async function virtualIps(host: string): Promise<readonly string[]> {
  const leases: unknown = await (await fetch('http://127.0.0.1:15014/api/v1/virtual-ips')).json();
  if (!Array.isArray(leases)) throw new TypeError('virtual IPs are a list');
  const { ipv4, ipv6 } = leases.find(({ key }) => key === `books/${host}`) ?? {};
  return [ipv4, ipv6];
}

mkdirSync(at('manifests'));
writeFileSync(at('manifests/mesh.yaml'), manifest);
await sh('ip link set lo up');
const store = await Machine.start('store', ['10.9.0.1/24', 'fd09::1/64'], ['10.9.0.2/24', 'fd09::2/64']);
const depot = await Machine.start('depot', ['fd08::1/64'], ['fd08::2/64']);
for (const address of there) await sh(`ip route add default via ${address}`);
await startControlPlane();
await sh(`${redirect} up --exclude-inbound 15012`);
await startWorkload(store, 'store', there, '::', 'redirect');
// It knows of no IPv4 and of no NAT, and listens where nobody but its own machine gets.
await startWorkload(depot, 'depot', ['fd08::2'], '::1', 'tproxy');
const asUser = `setpriv --reuid ${proxyUser} --clear-groups --inh-caps +dac_override --ambient-caps +dac_override `;
const caller = `${envoy} -c ${await bootstrap('caller', 'bookbuyer', here)} ${flags} ${at('caller.log')}`;
const [command = '', ...parameters] = `${proxyUser === undefined ? '' : asUser}${caller}`.split(' ');
own(spawn(command, parameters, { stdio: 'ignore' }));

const [vip4 = '', vip6 = ''] = await virtualIps('bookstore.books.mesh');
const [near = ''] = await virtualIps('near.books.mesh');
const [over6 = ''] = await virtualIps('bookstore6.books.mesh');
await untilAnswered(vip4, 80);
const byVirtualIp = {
  permitted: [await ask(vip4, 80, '/books/1'), await ask(vip6, 80, '/books/2'), await ask(over6, 80, '/books/3')],
  denied: await ask(vip4, 80, '/admin'),
  greeting: [await listen(vip4, 3306), await listen(over6, 3306)],
  tls: await listenByTls(vip4, 443, 'bookstore.books.mesh'),
  near: new Set(await Promise.all(Array.from({ length: 12 }, () => listen(near, 3306)))),
  pastTheCaller: [await ask('10.9.0.2', 8080, '/books'), await ask('fd09::2', 8080, '/books')],
  unknownPorts: [await ask('10.9.0.2', 9999, '/'), await ask('10.9.0.2', 15_006, '/'), await ask(vip4, 81, '/')],
  bound: (await sh('ss -Hltn')).split('\n').map((line) => line.split(/ +/)[3] ?? ''),
};

/** Everything that this machine sends but for Envoy. */
async function byAnyAddress(user: string): Promise<object> {
  await sh(`${redirect} up --proxy-user ${user} --exclude-inbound 15012`);
  const names = new Resolver();
  names.setServers(['127.0.0.1:53']);
  const host = 'stock.books.svc.cluster.local';
  const all = [await names.resolve4(host), await names.resolve6(host)].flat();
  const [first = ''] = await names.resolve4(`stock-0.${host}`);
  const [second = ''] = await names.resolve6(`stock-1.${host}`);
  await untilAnswered(second, 8080);
  return {
    names: [all, first, second],
    instances: [await ask(first, 8080, '/books/4'), await ask(second, 8080, '/books/5')],
    greetings: [await listen(first, 3306), await listen(second, 3306)],
    denied: await ask(second, 8080, '/admin'),
    elsewhere: [await ask(first, 9999, '/'), await ask('fd08::1', 15_001, '/'), await ask('fd09::2', 8080, '/books')],
  };
}

const headless = proxyUser === undefined ? undefined : await byAnyAddress(proxyUser);
const logs = ['store', 'depot', 'caller'].map((name) => readFileSync(at(`${name}.log`), 'utf8'));
console.log(JSON.stringify({ ...byVirtualIp, near: [...byVirtualIp.near], headless, logs }));
for (const child of children.toReversed()) child.kill('SIGKILL');
for (const machine of [store, depot]) await machine.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
