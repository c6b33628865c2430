import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PortProtocol } from '../../model/service.ts';
import { portProtocol } from './port-protocol.ts';

const meta = (application: string): PortProtocol => ({ kind: 'metaprotocol', application });

function spoken(port: Parameters<typeof portProtocol>[0]): string {
  const { protocol } = portProtocol(port);
  return protocol.kind === 'metaprotocol' ? `meta ${protocol.application}` : `${protocol.kind} ${protocol.protocol}`;
}

describe('a port name', () => {
  it.each([
    ['tcp-metaprotocol-thrift-hello-server', 'meta thrift'],
    ['tcp-Metaprotocol-dubbo', 'meta dubbo'],
    ['tcp-metaprotocol-Dubbo', 'meta Dubbo'],
    ['tcp-dubbo', 'native dubbo'],
    ['tcp-Dubbo-28001', 'native dubbo'],
    ['grpc-redis-x', 'native redis'],
    ['foo-mysql', 'native mysql'],
    ['Dubbo', 'plain tcp'],
    ['tcp', 'plain tcp'],
    ['', 'plain tcp'],
    ['http', 'plain http'],
    ['HTTP-web', 'plain http'],
    ['http2-web', 'plain http2'],
    ['grpc-web', 'plain grpc'],
    ['https', 'plain tls'],
    ['tls-x', 'plain tls'],
    ['udp-dns', 'plain udp'],
    ['anything', 'plain tcp'],
    ['constructor-toString', 'plain tcp'],
  ])('%s means %s', (name, expected) => {
    expect(spoken({ name })).toBe(expected);
  });

  it('that says nothing means what such ports are taken for, and nothing else does', () => {
    const taken = (port: Parameters<typeof portProtocol>[0]) => portProtocol(port, 'http').protocol;
    for (const name of ['', 'bookstore-port', 'constructor'])
      expect(taken({ name })).toEqual({ kind: 'plain', protocol: 'http' });
    for (const port of [
      { name: 'tcp-x' },
      { name: 'x', protocol: 'TCP' },
      { name: 'x', appProtocol: 'tcp-server-first' },
    ])
      expect(taken(port)).toEqual({ kind: 'plain', protocol: 'tcp' });
    expect(taken({ name: 'tcp-metaprotocol-qza' })).toEqual(meta('qza'));
  });

  it.each(['tcp-metaprotocol', 'tcp-metaprotocol-', 'tcp-metaprotocol--x'])('%s is plain TCP, and says why', (name) => {
    expect(portProtocol({ name })).toEqual({
      protocol: { kind: 'plain', protocol: 'tcp' },
      problem: `the port name ${name} ends where its application protocol should stand`,
    });
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string(), { nil: '' }), (name, protocol) => {
        expect(portProtocol({ name, protocol, appProtocol: protocol }).protocol.kind).toMatch(
          /plain|native|metaprotocol/,
        );
      }),
    );
  });
});

describe('appProtocol', () => {
  it.each([
    ['metaprotocol-thrift', 'meta thrift'],
    ['isthmus.dev/metaprotocol-my-rpc', 'meta my-rpc'],
    ['kubernetes.io/h2c', 'plain http2'],
    ['kubernetes.io/ws', 'plain http'],
    ['kubernetes.io/wss', 'plain tls'],
    ['http', 'plain http'],
    ['grpc', 'plain grpc'],
    ['TCP', 'plain tcp'],
    ['redis', 'native redis'],
  ])('%s means %s, whatever the name', (appProtocol, expected) => {
    expect(spoken({ name: 'tcp-metaprotocol-dubbo', appProtocol })).toBe(expected);
  });

  it.each(['example.com/own', 'metaprotocol-', 'kubernetes.io/http9', 'isthmus.dev/'])(
    'of somebody else (%s) leaves the word to the name',
    (appProtocol) => {
      expect(portProtocol({ name: 'tcp-metaprotocol-dubbo', appProtocol }).protocol).toEqual(meta('dubbo'));
    },
  );
});

describe("a ServiceEntry's protocol", () => {
  it('counts where the name says nothing', () => {
    expect(spoken({ name: 'main', protocol: 'HTTP2' })).toBe('plain http2');
    expect(spoken({ name: 'main', protocol: 'HTTPS' })).toBe('plain tls');
    expect(spoken({ name: 'main', protocol: 'Unheard' })).toBe('plain tcp');
    expect(spoken({ name: 'tcp-metaprotocol-dubbo', protocol: 'HTTP' })).toBe('meta dubbo');
    expect(spoken({ name: 'grpc-x', protocol: 'HTTP' })).toBe('plain grpc');
  });
});
