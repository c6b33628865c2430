import { describe, expect, it } from 'vitest';
import { type NacosOptions, nacosOptions, nacosServer } from './nacos-options.ts';

const usual: NacosOptions = { transport: 'auto', warmUpMs: 15_000 };

describe('options of a Nacos registry', () => {
  it('have defaults', () => {
    expect(nacosOptions({})).toEqual(usual);
    const all = { transport: 'http', grpcPort: '9999', warmUp: '2s' };
    expect(nacosOptions(all)).toEqual({ transport: 'http', grpcPort: 9999, warmUpMs: 2_000 });
  });

  it.each([
    { prefix: 'x' },
    { transport: 'udp' },
    { grpcPort: '0' },
    { grpcPort: 'x' },
    { warmUp: 'soon' },
    { warmUp: '-1s' },
  ])('that are not understood are refused, with a reason: %j', (options) => {
    expect(nacosOptions(options)).toContain(`options.${Object.keys(options)[0]}`);
  });
});

describe('an address of a Nacos server', () => {
  it.each([
    ['nacos:8848', false, 'http://nacos:8848/nacos', 'http://nacos:9848'],
    ['nacos:8848', true, 'https://nacos:8848/nacos', 'https://nacos:9848'],
    ['http://nacos:8848', true, 'http://nacos:8848/nacos', 'http://nacos:9848'],
    ['https://nacos/registry', false, 'https://nacos/registry', 'https://nacos:1443'],
    ['[::1]:8848', false, 'http://[::1]:8848/nacos', 'http://[::1]:9848'],
  ])('%s, TLS %s', (address, isTls, http, grpc) => {
    const server = nacosServer(address, isTls, usual);
    expect([server?.http.href, server?.grpc]).toEqual([http, grpc]);
  });

  it('may have gRPC at another port', () => {
    expect(nacosServer('nacos:80', false, { ...usual, grpcPort: 7 })?.grpc).toBe('http://nacos:7');
  });
});
