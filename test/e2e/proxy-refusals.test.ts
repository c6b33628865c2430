/** What metaproxy does with configuration that it cannot honour, or honours in part: it says so, and where. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startMetaproxy } from '../../src/proxy/metaproxy.ts';
import type { MetaproxyObserver } from '../../src/proxy/metaproxy-observer.ts';
import { TestClient } from './awesomerpc-peers.ts';
import { listener } from './proxy-bootstraps.ts';
import { TestControlPlane } from './proxy-control-plane.ts';
import { server } from './proxy-stage.ts';

const LISTENER = 'envoy.config.listener.v3.Listener';
const protocol = { name: 'awesomerpc', codec: { name: 'aeraki.meta_protocol.codec.awesomerpc' } };

async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** A listener as JSON, with further fields of its own and of its filter chain. */
function withFields(port: number, more: object, chain: object = {}, proxy: Record<string, unknown> = {}): unknown {
  const routes = [{ route: { cluster: 'a' } }];
  const plain = listener({ protocol, routes, port, more: proxy });
  const chains: unknown = plain.filter_chains;
  const [first]: unknown[] = Array.isArray(chains) ? chains : [];
  return { ...plain, ...more, filter_chains: [{ ...(first ?? {}), ...chain }] };
}

async function started(observer: Partial<MetaproxyObserver> = {}) {
  const plane = await TestControlPlane.start();
  const proxy = await startMetaproxy({
    xds: { address: `127.0.0.1:${plane.port}` },
    node: { id: 'test', namespace: 'shop' },
    admin: '127.0.0.1:0',
    limits: { drainMs: 400, lingerMs: 100, listenerGraceMs: 0 },
    observer,
  });
  onTestFinished(() => proxy.stop());
  const get = async (where: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`http://${proxy.admin}${where}`);
    return { status: response.status, text: await response.text() };
  };
  return { plane, proxy, get };
}

it('is not ready before it has heard from its control plane', async () => {
  const { plane, get } = await started();
  expect(await get('/ready')).toEqual({
    status: 503,
    text: 'the control plane has not sent a whole configuration yet\n',
  });
  plane.cluster('a', []);
  plane.put(LISTENER, 'in', withFields(await freePort(), {}));
  await vi.waitFor(async () => expect(await get('/ready')).toEqual({ status: 200, text: 'LIVE\n' }));
});

it('is not ready while every listener is refused, names them, and is once one stands', async () => {
  const { plane, get } = await started();
  const squatter = await server('squatter');
  plane.cluster('a', []);
  plane.put(LISTENER, 'taken', withFields(squatter.port, {}));
  plane.put(LISTENER, 'odd', withFields(await freePort(), { use_original_dst: true }));
  await vi.waitFor(async () => {
    const { status, text } = await get('/ready');
    expect(status).toBe(503);
    expect(text).toContain('every listener was refused\nodd: use_original_dst: not supported');
    expect(text).toContain(`taken: cannot listen on 127.0.0.1:${squatter.port}`);
  });
  expect((await get('/config_dump')).text).toContain('errorState');
  await squatter.close();
  await vi.waitFor(async () => expect((await get('/ready')).status).toBe(200));
  const dump = (await get('/config_dump')).text;
  expect(dump).toContain('use_original_dst');
  expect(dump).not.toContain('cannot listen on');
});

it('shows why a resource was refused until a later one is taken', async () => {
  const { plane, get } = await started();
  const port = await freePort();
  plane.cluster('a', []);
  plane.put(LISTENER, 'in', withFields(port, {}, { filter_chain_match: { destination_port: 80 } }));
  await vi.waitFor(async () => expect((await get('/config_dump')).text).toContain('errorState'));
  plane.put(LISTENER, 'in', withFields(port, {}, { filter_chain_match: {} }));
  await vi.waitFor(async () => expect((await get('/config_dump')).text).not.toContain('errorState'));
  expect((await get('/ready')).status).toBe(200);
});

it.each([
  ['filter_chain_match.destination_port', {}, { filter_chain_match: { destination_port: 80 } }],
  ['filter_chain_match.transport_protocol', {}, { filter_chain_match: { transport_protocol: 'tls' } }],
  ['use_original_dst', { use_original_dst: true }, {}],
  ['bind_to_port: false', { bind_to_port: false }, {}],
  [
    'listener_filters "envoy.filters.listener.original_dst"',
    { listener_filters: [{ name: 'envoy.filters.listener.original_dst' }] },
    {},
  ],
])('refuses a listener with %s, naming listener and field', async (field, more, chain) => {
  const refusals: string[] = [];
  const { plane } = await started({ refused: (_kind, reason) => void refusals.push(reason) });
  plane.cluster('a', []);
  plane.put(LISTENER, 'odd', withFields(await freePort(), more, chain));
  await vi.waitFor(() => expect(refusals).toHaveLength(1));
  expect(refusals[0]).toContain(`listener odd: ${field}: not supported by this proxy`);
});

it('refuses a cluster that follows original destinations, and takes the others', async () => {
  const refusals: string[] = [];
  const { plane } = await started({ refused: (_kind, reason) => void refusals.push(reason) });
  const [a, port] = [await server('a'), await freePort()];
  plane.put('envoy.config.cluster.v3.Cluster', 'passthrough', { name: 'passthrough', type: 'ORIGINAL_DST' });
  plane.cluster('a', [a.port]);
  plane.put(LISTENER, 'in', withFields(port, {}));
  await vi.waitFor(() => expect(refusals[0]).toContain('cluster passthrough: type ORIGINAL_DST is not supported'));
  await vi.waitFor(async () => {
    const client = await TestClient.connect(port);
    onTestFinished(() => client.close());
    expect((await client.call({ id: 1 })).body).toBe('a:');
  });
});

it('tells once of filters that it passes over, and shows them with their listener', async () => {
  const told: string[] = [];
  const { plane, get } = await started({ inertFilter: (filter, where) => void told.push(`${filter} ${where}`) });
  const meta_protocol_filters = ['metadata_exchange', 'istio_stats', 'router'].map((name) => ({
    name: `aeraki.meta_protocol.filters.${name}`,
  }));
  plane.cluster('a', []);
  for (const name of ['one', 'two']) {
    plane.put(LISTENER, name, withFields(await freePort(), {}, {}, { meta_protocol_filters }));
    await vi.waitFor(async () => expect((await get('/listeners')).text).toContain(`${name}::`));
  }
  await vi.waitFor(async () => expect((await get('/config_dump')).text.match(/inertFilters/g)).toHaveLength(2));
  await expect.poll(() => told).toEqual(['metadata_exchange one', 'istio_stats one']);
});
