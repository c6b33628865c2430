/**
 * Programs that know nothing of us, in a network namespace of their own whose resolv.conf names our DNS server: what the C
 * library makes of names, with the search domains that a kubelet writes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { dnsManifests } from '../e2e/dns-control-plane.ts';
import { peerUnderTest } from './peer-under-test.ts';

const unshare = peerUnderTest('unshare');
const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

const resolvConf = `nameserver 127.0.0.1
search shop.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
`;

/** Prints, for each name, the addresses that the C library finds, by way of two programs. */
const script = `
set -eu
cd "$FOLDER"
ip link set lo up
mount --bind resolv.conf /etc/resolv.conf
"$NODE" "$PROGRAM" run -f mesh.yaml --state state --xds 127.0.0.1:0 --admin 127.0.0.1:0 --dns 127.0.0.1:53 \\
  --log-format json 2>log &
trap 'kill $!; wait $!' EXIT
until grep -q '"dns":' log; do kill -0 $!; sleep 0.05; done
for name in "$@"; do
  echo "$name" $(getent ahosts "$name" | awk '$2 == "STREAM" && $1 !~ /:/ { print $1 }' | sort)
  echo "$name" $(python3 -c 'import socket, sys
print(*sorted(a[4][0] for a in socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET, socket.SOCK_STREAM)))' "$name" 2>/dev/null)
done
`;

it.skipIf(unshare === undefined)('unmodified programs find the mesh by short, expanded and whole names', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-resolver-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, 'mesh.yaml'), dnsManifests);
  await writeFile(path.join(folder, 'resolv.conf'), resolvConf);
  const names = ['cart', 'cart.shop', 'cart.shop.svc.cluster.local', 'orders.shop.mesh', 'legacy', 'pods', 'nobody'];
  const { stdout } = await promisify(execFile)(
    unshare ?? '',
    ['--map-root-user', '--net', '--mount', 'sh', '-c', script, 'sh', ...names],
    { env: { ...process.env, FOLDER: folder, NODE: process.execPath, PROGRAM: program } },
  );
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ 240\.241\.\d+\.\d+$/, ' VIP'));
  expect(lines).toEqual(
    [
      'cart 10.96.0.7',
      'cart.shop 10.96.0.7',
      'cart.shop.svc.cluster.local 10.96.0.7',
      'orders.shop.mesh VIP',
      'legacy VIP',
      'pods 10.1.0.1 10.1.0.2',
      'nobody',
    ].flatMap((line) => [line, line]),
  );
});
