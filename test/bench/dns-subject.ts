/**
 * What the DNS bench measures, in a process of its own: our server over a table of names, or a socket that sends back what
 * it gets. Tells its port to the parent, then, for each message from it, the CPU time it has used.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Engine } from '../../src/collections/engine.ts';
import { NameTable } from '../../src/delivery/dns/name-table.ts';
import { createDnsServer } from '../../src/delivery/dns/server.ts';
import { createDnsMetrics } from '../../src/operations/dns-metrics.ts';
import { createMetrics } from '../../src/operations/metrics.ts';
import type { HostName } from '../../src/translate/names/host-names.ts';

/** What a subject tells its parent. */
export type SubjectMessage = { readonly port: number } | { readonly cpuMicroseconds: number };

const [kind = '', names = '0'] = process.argv.slice(2);
const port = kind === 'echo' ? await startEcho() : await startServer(Number(names));
tell({ port });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ cpuMicroseconds: user + system });
});
process.on('disconnect', () => process.exit());

function tell(message: SubjectMessage): void {
  process.send?.(message);
}

async function startEcho(): Promise<number> {
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, done) => done(null, address, 4) });
  socket.on('message', (packet, peer) => socket.send(packet, peer.port, peer.address));
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return socket.address().port;
}

async function startServer(count: number): Promise<number> {
  const engine = new Engine();
  const hosts = engine.table<HostName>('names', { key: ({ host }) => host });
  const table = new NameTable(hosts, () => ({ clusterDomain: 'cluster.local', suffixes: ['cluster.local'] }));
  engine.sink(hosts, (diff) => table.apply(diff));
  engine.batch(() => {
    for (let at = 0; at < count; at++) hosts.set(hostName(at));
  });
  const metrics = createMetrics({
    resources: () => new Map(),
    findings: () => ({ error: 0, warning: 0, info: 0 }),
    boundVirtualIps: () => 0,
  });
  const server = createDnsServer({ table, upstreams: [], observer: createDnsMetrics(metrics.registry) });
  return (await server.listen({ host: '127.0.0.1', port: 0 })).port;
}

function hostName(at: number): HostName {
  const [high, low] = [at >> 8, at & 255];
  const is = { kind: 'addresses', ipv4: [`240.241.${high}.${low}`], ipv6: [`2001:2:1::${high}:${low}`] } as const;
  return {
    host: `service-${at}.shop.svc.cluster.local`,
    services: [{ namespace: 'shop', visibility: { kind: 'public' }, is }],
  };
}
