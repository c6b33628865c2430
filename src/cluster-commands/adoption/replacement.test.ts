import { describe, expect, it } from 'vitest';
import { objectName } from '../../translate/istio/object-names.ts';
import { type ForeignObject, foreignObject } from './foreign-object.ts';
import { replacementOf } from './replacement.ts';

const metaProtocol = 'type.googleapis.com/aeraki.meta_protocol_proxy.v1alpha.MetaProtocolProxy';
const ofBootstrap = { proxy: { metadata: { ISTHMUS_PROXY_KIND: 'istio-sidecar' } } };

const patch = (listener: object, match: object = {}): object => ({
  applyTo: 'NETWORK_FILTER',
  match: { ...match, listener },
  patch: { operation: 'REPLACE', value: { typed_config: { type_url: metaProtocol } } },
});

function filter(id: string, patches: readonly object[], selected?: object): ForeignObject {
  const [namespace, name] = id.split('/');
  const metadata = { namespace, name, resourceVersion: '1' };
  const workloadSelector = selected === undefined ? {} : { workloadSelector: { labels: selected } };
  const object = foreignObject(
    'EnvoyFilter',
    { metadata, spec: { ...workloadSelector, configPatches: patches } },
    'default',
  );
  if (object === undefined) throw new TypeError(id);
  return object;
}

const at = { name: '240.240.0.1_9090' };
const before = (port: number) => ({ name: 'virtualInbound', filterChain: { destinationPort: port } });
const outbound = filter('istio-system/aeraki-outbound-stock.mesh-240.240.0.1-9090', [patch(at)]);
const inbound = filter('istio-system/aeraki-inbound-stock.mesh-9090', [patch(before(9090))], { app: 'stock' });
const ownInbound = (port: number, selected: object, host = 'stock.mesh'): ForeignObject =>
  filter(`shop/${objectName('inbound', `${host}-9090`, ['shop', host, 9090])}`, [patch(before(port))], selected);

/** What ours lacks; an empty text for nothing. */
const lackOf = (other: ForeignObject, ...ours: readonly ForeignObject[]): string | undefined =>
  replacementOf(other, ours, 'istio-system')?.lack;

describe('before callers, an EnvoyFilter of Aeraki goes', () => {
  it('where ours is at the same listener, for every proxy that the old one selects', () => {
    expect(lackOf(outbound, filter('istio-system/outbound-stock', [patch(at)]))).toBe('');
    expect(
      lackOf(outbound, filter('istio-system/outbound-other', [patch({ name: '240.240.0.2_9090' })])),
    ).toBeUndefined();
  });

  it('not while ours is for proxies alone that say of themselves that they are ours, and what to set is said', () => {
    expect(lackOf(outbound, filter('istio-system/outbound-stock', [patch(at, ofBootstrap)]))).toBe(
      'outbound-stock is for proxies whose nodes say ISTHMUS_PROXY_KIND: istio-sidecar alone: MeshConfig.spec.istio.metaProtocolProxies has to name all that have the old one',
    );
    const ofVersion = { proxy: { proxyVersion: '1.20.*' } };
    expect(lackOf(outbound, filter('istio-system/outbound-stock', [patch(at, ofVersion)]))).toMatch(/something else/);
  });

  it('not while ours is for workloads with some labels alone, or for one namespace', () => {
    const labelled = filter('istio-system/outbound-stock', [patch(at)], { image: 'meta' });
    expect(lackOf(outbound, labelled)).toMatch(/image: meta alone: .*metaProtocolProxies/);
    const narrow = filter('pay/outbound-stock', [patch(at)]);
    expect(lackOf(outbound, narrow)).toBe('outbound-stock is for namespace pay alone');
    expect(lackOf(outbound, narrow, filter('istio-system/outbound-stock', [patch(at)]))).toBe('');
    expect(lackOf(filter('pay/aeraki-outbound-stock.mesh-240.240.0.1-9090', [patch(at)]), narrow)).toBe('');
  });

  it('not while ours lacks one of its listeners', () => {
    const both = filter('istio-system/aeraki-outbound-stock.mesh-240.240.0.1-9090', [
      patch(at),
      patch({ name: 'b_1' }),
    ]);
    expect(lackOf(both, filter('istio-system/outbound-stock', [patch(at)]))).toBeUndefined();
  });
});

describe('before workloads, an EnvoyFilter of Aeraki goes', () => {
  it('where ours is for the same host and port, and for every workload that the old one selects', () => {
    expect(lackOf(inbound, ownInbound(9090, { app: 'stock' }))).toBe('');
    expect(lackOf(inbound, ownInbound(9090, {}))).toBe('');
    expect(lackOf(inbound, ownInbound(9090, { app: 'stock' }, 'stock.mesh-9090'))).toBeUndefined();
  });

  it('not while ours is for fewer of them, or at another port', () => {
    expect(lackOf(inbound, ownInbound(9090, { app: 'stock', tier: 'b' }))).toMatch(
      /is for workloads with tier: b alone/,
    );
    expect(lackOf(inbound, ownInbound(9091, { app: 'stock' }))).toMatch(
      /is at port 9091, where its workloads listen, and not at port 9090$/,
    );
  });

  it('where it selects nobody', () => {
    const nobody = filter('istio-system/aeraki-inbound-stock.mesh-9090', [patch(before(9090))], { app: '' });
    expect(lackOf(nobody, ownInbound(9090, { app: 'stock' }))).toBe('');
  });
});

describe('at a gateway, an EnvoyFilter of Aeraki goes', () => {
  const gateway = filter('edge/aeraki-gateway-outbound-gw.edge-80', [patch({ name: '0.0.0.0_80' })], { istio: 'edge' });
  const own = (selected: object) =>
    filter('istio-system/gateway-edge.gw-80', [patch({ portNumber: 80 }, { context: 'GATEWAY' })], selected);

  it('where ours is at the port of the same workloads, and of no others', () => {
    expect(lackOf(gateway, own({ istio: 'edge' }))).toBe('');
    expect(lackOf(gateway, own({ istio: 'inner' }))).toMatch(/istio: inner alone/);
    // A headless service's listener has the same name at callers.
    const headless = filter('istio-system/aeraki-outbound-stock.mesh-0.0.0.0-80', [patch({ name: '0.0.0.0_80' })]);
    expect(lackOf(headless, own({ istio: 'edge' }))).toBeUndefined();
  });

  it('not while ours is for one of its server names, and the old one for all', () => {
    const named = (sni: string) => ({ portNumber: 80, filterChain: { sni } });
    const ofOne = filter('istio-system/gateway-edge.gw-80', [patch(named('a.mesh'), { context: 'GATEWAY' })]);
    expect(lackOf(gateway, ofOne)).toMatch(/is for the server name a\.mesh alone, .*adopt the old one by its name/);
    expect(lackOf(gateway, ofOne, own({ istio: 'edge' }))).toBe('');
  });
});
