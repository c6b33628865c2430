import { describe, expect, it } from 'vitest';
import type { PortIngress } from '../model/ingress.ts';
import type { InboundGuard, InboundPort, MeshSettings } from '../model/mesh-service.ts';
import { translateInbound } from './inbound.ts';
import { inboundPort, plain, servicePort, settings, shown } from './translation-fixture.ts';

const identity = 'spiffe://cluster.local/ns/shop/sa/seller';
const ours = 'spiffe://cluster.local/ns/shop/sa/buyer';
const theirs = (domain: string) => `spiffe://${domain}/ns/shop/sa/buyer`;
const federated: MeshSettings = { ...settings, otherDomains: ['a.example', 'b.example', 'c.example'] };
const object = { kind: 'TrafficTarget', namespace: 'shop', name: 'orders' };

const from = (...sources: readonly string[]): InboundGuard => ({
  identity,
  rules: [{ object, sources, ports: 'any', requests: 'any' }],
});

function port(protocol: 'tcp' | 'http2', guard: InboundGuard, more: Partial<InboundPort> = {}): InboundPort {
  const { codec: _, ...rest } = inboundPort({ port: servicePort(plain(protocol)), guard, ...more });
  return rest;
}

function listener(inbound: InboundPort, kind: 'envoy' | 'metaproxy' = 'envoy', among = federated): string {
  const all = shown(translateInbound(kind, inbound, among).resources);
  return JSON.stringify(Object.entries(all).find(([name]) => name.includes(' Listener '))?.[1]);
}

const roots = (json: string): readonly string[] =>
  [...json.matchAll(/"name":"(ROOTCA[^"]*)"/g)].map(([, name = '']) => name);
const asksForOneName = (json: string): boolean => json.includes('envoy.matching.inputs.uri_san');

describe('a port of a mesh that trusts other trust domains', () => {
  it('believes in the handshake no more of them than may call a server that may speak first', () => {
    const rootsFor = (guard: InboundGuard) => roots(listener(port('tcp', guard)));
    expect(rootsFor(from(ours))).toEqual(['ROOTCA']);
    expect(rootsFor(from())).toEqual(['ROOTCA']);
    expect(rootsFor(from(theirs('unknown.example')))).toEqual(['ROOTCA']);
    expect(rootsFor(from(theirs('c.example'), ours, theirs('a.example')))).toEqual(['ROOTCA|a.example|c.example']);
    expect(rootsFor({ identity })).toEqual(['ROOTCA|*']);
  });

  it('hears of HTTP all of them, whoever may send what: rules that change leave the listener as it is', () => {
    const [some, others] = [from(ours), from(theirs('a.example'))].map((guard) => listener(port('http2', guard)));
    expect(roots(some ?? '')).toEqual(['ROOTCA|*']);
    expect(some).toBe(others);
  });

  it('lets nobody past the handshake who has several names, before anything else', () => {
    for (const inbound of [
      port('http2', from(ours)),
      port('tcp', from(theirs('a.example'))),
      port('tcp', { identity }),
    ]) {
      const json = listener(inbound);
      expect(asksForOneName(json)).toBe(true);
      expect(json.indexOf('uri_san')).toBeLessThan(json.search(/tcp_proxy|http_connection_manager|"policies"/));
    }
    expect(asksForOneName(listener(port('tcp', from(ours))))).toBe(false);
  });

  it('is told metaproxy with the same roots, and without a filter: it knows nobody by several names', () => {
    const json = listener(port('tcp', from(theirs('a.example'))), 'metaproxy');
    expect([roots(json), asksForOneName(json)]).toEqual([['ROOTCA|a.example'], false]);
  });

  it('takes DNS names of callers from outside from certificates of our own trust domain alone', () => {
    const ingress: PortIngress = {
      object,
      ranges: 'any',
      requests: 'any',
      tls: { sniHosts: ['shop.example'], principals: ['gateway.shop.example', theirs('a.example')] },
    };
    const inbound = port('http2', from(ours), { ingress });
    expect(roots(listener(inbound))).toEqual(['ROOTCA|*', 'ROOTCA|*']);
    expect(listener(inbound).split('envoy.matching.inputs.uri_san')).toHaveLength(3);
    const shownRoutes = (among: MeshSettings) =>
      JSON.stringify(shown(translateInbound('envoy', inbound, among).resources));
    expect(shownRoutes(federated)).toContain('"prefix":"spiffe://cluster.local/"');
    expect(shownRoutes(settings)).not.toContain('"prefix":"spiffe://cluster.local/"');
  });
});

it('a mesh that trusts its own trust domain alone has one set of roots, and no filter more', () => {
  for (const inbound of [port('http2', from(ours)), port('tcp', from(ours)), port('tcp', { identity })]) {
    const json = listener(inbound, 'envoy', settings);
    expect([roots(json), asksForOneName(json)]).toEqual([['ROOTCA'], false]);
  }
});
