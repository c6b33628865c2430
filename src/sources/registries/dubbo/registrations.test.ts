import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseApplicationInstance } from './application-instance.ts';
import { parseProvider } from './provider-url.ts';

describe("a provider's URL", () => {
  it('names the service with its version and group, and the instance', () => {
    const url =
      'dubbo://10.0.0.7:20880/com.acme.Orders?application=shop&group=blue&interface=com.acme.Orders&methods=get%2Cput&side=provider&version=1.2.0&weight=200';
    expect(parseProvider(encodeURIComponent(url))).toEqual({
      service: { namespace: '', group: 'blue', name: 'com.acme.Orders:1.2.0' },
      instance: {
        id: 'dubbo://10.0.0.7:20880',
        address: '10.0.0.7',
        ports: [{ name: '', number: 20_880, protocol: 'dubbo' }],
        weight: 200,
        health: 'up',
        isolated: false,
        locality: { region: '', zone: '', subzone: '' },
        metadata: {
          application: 'shop',
          group: 'blue',
          interface: 'com.acme.Orders',
          methods: 'get,put',
          side: 'provider',
          version: '1.2.0',
          weight: '200',
        },
      },
    });
  });

  it.each([
    ['tri://[2001:db8::1]:50051/com.acme.Api', '2001:db8::1', 'tri', 'com.acme.Api'],
    ['rest://10.0.0.1:8080/com.acme.Api?version=0.0.0', '10.0.0.1', 'rest', 'com.acme.Api'],
    ['DUBBO://10.0.0.1:1/a%2Fb', '10.0.0.1', 'dubbo', 'a/b'],
    ['http://10.0.0.1:80/com.acme.Api', '10.0.0.1', 'http', 'com.acme.Api'],
  ])('%s', (url, address, protocol, name) => {
    const found = parseProvider(encodeURIComponent(url));
    expect([found?.instance.address, found?.instance.ports[0]?.protocol, found?.service.name]).toEqual([
      address,
      protocol,
      name,
    ]);
  });

  it('that is disabled takes no requests', () => {
    for (const parameter of ['enabled=false', 'disabled=true'])
      expect(parseProvider(`dubbo://10.0.0.1:20880/a?${parameter}`)?.instance.isolated).toBe(true);
    expect(parseProvider('dubbo://10.0.0.1:20880/a?weight=0')?.instance.weight).toBe(0);
  });

  it('that is none is passed over, whatever it holds', () => {
    for (const text of [
      '',
      'x',
      'dubbo://',
      'dubbo://host',
      'override://0.0.0.0/a',
      '%E0%A4%A',
      '://a:1/b',
      'a b://c:1/d',
      'dubbo://a:0/b',
      'dubbo://a/b?bind.port=70000',
    ])
      expect(parseProvider(text)).toBeUndefined();
    fc.assert(fc.property(fc.string(), (text) => void parseProvider(text)));
    expect(parseProvider('dubbo://10.0.0.1:20880/a?__proto__=x')?.instance.address).toBe('10.0.0.1');
  });
});

describe('an instance of an application', () => {
  const node = (payload: object, rest: object = {}) =>
    JSON.stringify({ name: 'shop', id: '10.0.0.7:20880', address: '10.0.0.7', port: 20_880, payload, ...rest });

  it('has a port for each protocol that it serves', () => {
    const endpoints = JSON.stringify([
      { port: 20_880, protocol: 'dubbo' },
      { port: 50_051, protocol: 'tri' },
    ]);
    expect(parseApplicationInstance(node({ metadata: { 'dubbo.endpoints': endpoints, version: 'v2' } }))).toMatchObject(
      {
        id: '10.0.0.7:20880',
        address: '10.0.0.7',
        ports: [
          { number: 20_880, protocol: 'dubbo' },
          { number: 50_051, protocol: 'tri' },
        ],
        metadata: { version: 'v2' },
      },
    );
  });

  it.each([
    ['Java', { host: '10.0.0.7', port: 20_880, enabled: true, healthy: true, metadata: { version: 'v2' } }],
    [
      'Go',
      {
        ID: '10.0.0.7:20880',
        Host: '10.0.0.7',
        Port: 20_880,
        Enable: true,
        Healthy: true,
        Metadata: { version: 'v2' },
      },
    ],
  ])('is read as Dubbo itself writes it in %s', (_language, written) => {
    expect(parseApplicationInstance(JSON.stringify(written))).toMatchObject({
      id: '10.0.0.7:20880',
      address: '10.0.0.7',
      ports: [{ number: 20_880, protocol: 'dubbo' }],
      health: 'up',
      metadata: { version: 'v2' },
    });
    for (const down of [{ enabled: false }, { Enable: false }, { healthy: false }, { Healthy: false }])
      expect(parseApplicationInstance(JSON.stringify({ ...written, ...down }))?.health).toBe('down');
  });

  it('with a weight that is no number has none', () => {
    for (const weight of ['Infinity', '-1', 'x'])
      expect(parseApplicationInstance(node({ metadata: { weight } }))).not.toHaveProperty('weight');
  });

  it('without endpoints speaks Dubbo at its port', () => {
    expect(parseApplicationInstance(node({}))?.ports).toEqual([{ name: '', number: 20_880, protocol: 'dubbo' }]);
  });

  it('that is none is passed over, whatever it holds', () => {
    for (const text of [
      '',
      'null',
      '[]',
      '{"address":"x"}',
      '{"port":1}',
      '{"address":"a","port":null}',
      '{"address":"a","port":70000}',
    ])
      expect(parseApplicationInstance(text)).toBeUndefined();
    fc.assert(fc.property(fc.json(), (text) => void parseApplicationInstance(text)));
    fc.assert(
      fc.property(fc.json(), (text) => void parseApplicationInstance(node({ metadata: { 'dubbo.endpoints': text } }))),
    );
  });
});
