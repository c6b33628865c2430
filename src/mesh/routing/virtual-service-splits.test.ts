import { describe, expect, it } from 'vitest';
import type { HttpRouteSpec, VirtualService } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { serviceEntry, testMesh } from '../mesh-fixture.ts';

const ports = [{ number: 80, name: 'http-web', protocol: 'HTTP' }];
const reader = createResourceReader();

function virtualService(...http: readonly object[]): VirtualService {
  const { resource, findings } = reader.read({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { hosts: ['web.mesh'], http },
  });
  if (resource?.kind !== 'VirtualService') throw new RangeError(JSON.stringify(findings));
  return resource;
}

function meshOf(...http: readonly object[]) {
  const test = testMesh();
  const spare = serviceEntry('shop/spare', {
    hosts: ['spare.mesh'],
    ports: [{ number: 9000, name: 'http-web', protocol: 'HTTP' }],
  });
  test.set(serviceEntry('shop/web', { hosts: ['web.mesh'], ports }), spare, virtualService(...http));
  const split = test.mesh.meshServices.get('shop/web.mesh')?.ports[0]?.split ?? [];
  const unheeded = [...test.engine.findings.values()].filter(({ code }) => code === 'ISTH0514');
  return { split, unheeded: unheeded.map(({ path, message }) => `${path}: ${message}`) };
}

const route: HttpRouteSpec['route'] = [{ destination: { host: 'web.mesh' }, unread: [] }];
const plain = route.map(({ destination }) => ({ destination }));
const treatmentOf = (http: object) => meshOf({ route: plain, ...http }).split[0]?.http;

describe('an http route of a VirtualService', () => {
  it('bounds and mirrors nothing unless it says so', () => {
    expect(treatmentOf({})).toEqual({ mirrors: [] });
    expect(treatmentOf({ timeout: '0s' })).toEqual({ mirrors: [] });
  });

  it('tries again as often and as long as it says, on statuses too', () => {
    const retries = { attempts: 3, perTryTimeout: '2s', retryOn: 'reset, 503,429', backoff: '1s' };
    expect(treatmentOf({ timeout: '5s', retries })).toMatchObject({
      timeoutMs: 5000,
      retry: {
        conditions: ['reset', 'retriable-status-codes'],
        statuses: [503, 429],
        retries: 3,
        perTryTimeoutMs: 2000,
        backoffMs: 1000,
      },
    });
    expect(treatmentOf({ retries: { attempts: 1 } })).toMatchObject({
      retry: { conditions: ['connect-failure', 'refused-stream', 'unavailable', 'cancelled'], backoffMs: 25 },
    });
    expect(treatmentOf({ retries: { attempts: 0 } })).toMatchObject({ retry: 'never' });
  });

  it('leads to the only port of a service, whichever port is routed', () => {
    const { split } = meshOf({ route: [{ destination: { host: 'spare.mesh' } }], mirror: { host: 'spare.mesh' } });
    const destination = { host: 'spare.mesh', port: 9000, subset: '' };
    expect(split).toMatchObject([{ destinations: [{ destination }], http: { mirrors: [{ destination }] } }]);
  });

  it('answers by itself without a destination', () => {
    const redirect = { uri: '/new', derivePort: 'FROM_REQUEST_PORT' };
    expect(meshOf({ redirect }).split).toMatchObject([
      { destinations: [], http: { answer: { kind: 'redirection', status: 301, path: '/new' } } },
    ]);
    expect(meshOf({ directResponse: { status: 204 } }).split).toMatchObject([
      { destinations: [], http: { answer: { kind: 'given', status: 204 } } },
    ]);
  });

  it('names the port of a redirection where its scheme does not imply it', () => {
    const answers = [{ port: 80 }, { port: 443, scheme: 'https' }, { port: 443 }, { port: 80, scheme: 'https' }].map(
      (redirect) => treatmentOf({ redirect, route: [] })?.answer,
    );
    expect(answers.map((answer) => answer?.kind === 'redirection' && answer.port)).toEqual([
      undefined,
      undefined,
      443,
      80,
    ]);
  });

  it('changes no header by a value for which proxies would refuse all routes of the host, and says so', () => {
    const set = { ok: 'from %REQ(x-user)%, 100%%', half: '100%', other: '%NO_SUCH_THING%', ':path': '/' };
    const { split, unheeded } = meshOf({
      route: plain,
      headers: { request: { set, remove: ['X-A', ':path', 'Host'] } },
    });
    expect(split[0]?.http?.headers?.request).toEqual({
      set: [{ name: 'ok', value: 'from %REQ(x-user)%, 100%%' }],
      add: [],
      remove: ['x-a'],
    });
    expect(unheeded.map((one) => one.replace(/.*headers/, ''))).toEqual([
      '.request.set.half.',
      '.request.set.other.',
      '.request.set.:path.',
    ]);
  });

  it('takes a header of the authority for a new authority', () => {
    expect(treatmentOf({ headers: { request: { set: { Host: 'b.mesh' } } } })).toMatchObject({
      headers: { authority: 'b.mesh', request: { set: [] } },
    });
  });

  it('is for no request where it asks for what is not seen, and for others all the same', () => {
    const { split, unheeded } = meshOf(
      {
        match: [{ sourceLabels: { app: 'a' } }, { headers: { '@request.auth.claims.a': { exact: 'b' } } }],
        route: plain,
      },
      { match: [{ uri: { prefix: '/a' }, statPrefix: 'a' }], route: plain },
    );
    expect(split.map(({ path, requests }) => [path, requests])).toEqual([
      ['spec.http[1]', [{ pathRegex: '', path: { kind: 'prefix', value: '/a' }, methods: [], headers: [] }]],
      [undefined, 'any'],
    ]);
    expect(unheeded).toEqual([
      'spec.http[0].match[0]: Proxies of ours do not heed sourceLabels.',
      'spec.http[0].match[1]: Proxies of ours do not heed @request.auth.claims.a.',
      'spec.http[1].match[0]: Proxies of ours do not heed statPrefix.',
    ]);
  });
});
