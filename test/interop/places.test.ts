/** Which endpoints a stock Envoy turns to that says where it is, and what a DestinationRule makes of it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { ask, entry, serve } from './limited-services.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const POLL = { timeout: 30_000 };

const envoy = peerUnderTest('envoy');
const locality = { region: 'eu', zone: 'a' };
const buyer: Workload = { address: '127.0.84.2', namespace: 'shop', serviceAccount: 'buyer', locality };
const places = { '127.0.84.11': 'eu/a', '127.0.84.12': 'us/c', '127.0.84.13': 'asia/d' } as const;

const rule = (setting: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: shop }
spec:
  host: web.shop.mesh
  trafficPolicy:
    outlierDetection: { consecutive5xxErrors: 1, interval: 100ms, baseEjectionTime: 300s, maxEjectionPercent: 100 }
    loadBalancer: { simple: RANDOM, localityLbSetting: ${setting} }
`;

describe.skipIf(envoy === undefined)('an Envoy that says where it is', () => {
  let mesh: InteropMesh;
  let url = '';
  /** What the endpoint nearby answers. */
  let status = 200;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    const endpoint = ({ address }: Pick<Workload, 'address'>) =>
      `, locality: ${Object.entries(places).find(([own]) => own === address)?.[1]}`;
    const workloads = Object.keys(places).map((address) => ({ address }));
    mesh = await InteropMesh.start({ 'web.yaml': entry('web', workloads, { port, endpoint }) });
    for (const [address, place] of Object.entries(places))
      await serve(
        mesh,
        port,
        (_, response) => {
          response.statusCode = place === 'eu/a' ? status : 200;
          response.end(place);
        },
        address,
      );
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer);
    url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}`;
  });

  afterAll(async () => mesh?.stop());

  /** How many of so many requests each place answered with 200. */
  async function answers(requests: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let request = 0; request < requests; request++) {
      const answer = await ask(url);
      const place = answer.status === 200 ? answer.text : `${answer.status}`;
      counts[place] = (counts[place] ?? 0) + 1;
    }
    return counts;
  }

  it('calls what is in its zone', async () => {
    await expect.poll(() => answers(20), POLL).toEqual({ 'eu/a': 20 });
  });

  it('shares its requests out as a rule says, and leaves out what that does not name', async () => {
    mesh.write('rule.yaml', rule("{ distribute: [{ from: 'eu/*', to: { eu/a: 70, us: 30 } }] }"));
    await expect.poll(async () => (await answers(20))['us/c'] ?? 0, POLL).toBeGreaterThan(0);
    const counts = await answers(400);
    expect(Object.keys(counts).sort()).toEqual(['eu/a', 'us/c']);
    // Five standard deviations.
    expect(Math.abs((counts['us/c'] ?? 0) - 120)).toBeLessThan(46);
  });

  it('goes on to the region that a rule names when those nearby fail', async () => {
    mesh.write('rule.yaml', rule('{ failover: [{ from: eu, to: asia }] }'));
    await expect.poll(() => answers(20), POLL).toEqual({ 'eu/a': 20 });
    status = 503;
    await expect.poll(() => answers(20), POLL).toEqual({ 'asia/d': 20 });
  });

  it('takes all that it is told', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
  });
});
