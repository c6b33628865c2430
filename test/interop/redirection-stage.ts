/**
 * What test/interop/redirection.test.ts runs inside a network namespace of its own: two machines, each with a stock Envoy
 * that connections are redirected to, and applications that know nothing of it. This one calls. Prints one JSON object.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
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
  endpoints: [{ address: "${address}", serviceAccount: bookstore }]
---
`;

const manifest = `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Enforced } }
---
${entry('bookstore', '10.9.0.2')}${entry('bookstore6', 'fd09::2')}apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: books, namespace: books }
spec: { matches: [{ name: books, pathRegex: /books, methods: [GET] }] }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: greeting, namespace: books }
spec: { matches: { ports: [3306] } }
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
  const line = `${program} run -f ${at('manifests')} --state ${at('state')} --xds-tls 10.9.0.1:15012 --log-level error`;
  const [command = '', ...parameters] = line.split(' ');
  own(spawn(command, parameters, { stdio: ['ignore', 'ignore', 'inherit'] }));
  while (!(await ready('http://127.0.0.1:15014/readyz'))) await sleep(20);
  writeFileSync(at('roots.pem'), await isthmus(`token roots --state ${at('state')}`));
}

/** The file to start Envoy with. */
async function bootstrap(account: string, addresses: readonly string[]): Promise<string> {
  const who = `-n books --service-account ${account}`;
  writeFileSync(at(`${account}.token`), await isthmus(`token create --state ${at('state')} ${who}`));
  const where = `--xds-tls 10.9.0.1:15012 --certificates ${at(account)} --token-file ${at(`${account}.token`)}`;
  const how = `--address ${addresses.join(' ')} --interception redirect --strict --roots ${at('roots.pem')}`;
  const file = at(`${account}.yaml`);
  writeFileSync(file, await isthmus(`proxy bootstrap --name ${account}-1 ${who} ${how} ${where}`));
  return file;
}

const flags = '--concurrency 1 --disable-hot-restart --reject-unknown-dynamic-fields -l warning --log-path';

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
for (const address of there) await sh(`ip route add default via ${address}`);
await startControlPlane();
await sh(`${redirect} up --exclude-inbound 15012`);
await store.sh(`${redirect} up`);
const application = own(store.spawn(`${process.execPath} ${workload}`));
await once(application.stdout ?? application, 'data');
own(store.spawn(`${envoy} -c ${await bootstrap('bookstore', there)} ${flags} ${at('bookstore.log')}`));
const caller = `${envoy} -c ${await bootstrap('bookbuyer', here)} ${flags} ${at('bookbuyer.log')}`.split(' ');
own(spawn(caller[0] ?? '', caller.slice(1), { stdio: 'ignore' }));

const [vip4 = '', vip6 = ''] = await virtualIps('bookstore.books.mesh');
const [over6 = ''] = await virtualIps('bookstore6.books.mesh');
const deadline = performance.now() + 30_000;
while (!(await ask(vip4, 80, '/books')).startsWith('200')) {
  if (performance.now() > deadline) break;
  await sleep(50);
}
const results = {
  permitted: [await ask(vip4, 80, '/books/1'), await ask(vip6, 80, '/books/2'), await ask(over6, 80, '/books/3')],
  denied: await ask(vip4, 80, '/admin'),
  greeting: [await listen(vip4, 3306), await listen(over6, 3306)],
  pastTheCaller: [await ask('10.9.0.2', 8080, '/books'), await ask('fd09::2', 8080, '/books')],
  unknownPorts: [await ask('10.9.0.2', 9999, '/'), await ask('10.9.0.2', 15_006, '/'), await ask(vip4, 81, '/')],
  bound: (await sh('ss -Hltn')).split('\n').map((line) => line.split(/ +/)[3] ?? ''),
  logs: ['bookstore', 'bookbuyer'].map((name) => readFileSync(at(`${name}.log`), 'utf8')),
};
console.log(JSON.stringify(results));
for (const child of children.toReversed()) child.kill('SIGKILL');
await store.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
