import { describe, expect, it } from 'vitest';
import type { AccessRule, RequestCondition } from '../../model/access.ts';
import type { AccessView, GuardedEndpoint, GuardedPort, GuardedService } from '../../model/access-view.ts';
import type { PortIngress } from '../../model/ingress.ts';
import type { RequestPolicy } from '../../model/request-policy.ts';
import type { CallerRetry } from '../../model/retry.ts';
import type { SplitRoute } from '../../model/traffic-split.ts';
import { permittedCallers } from './policy-callers.ts';
import { explain } from './policy-explanation.ts';
import { createExpressions } from './policy-expressions.ts';
import {
  parseCaller,
  parseFrom,
  parseHeader,
  parseHostAndPort,
  type RequestFlags,
  readQuestion,
} from './policy-question.ts';
import { verdictOf } from './policy-verdict.ts';

const id = (account: string) => `spiffe://cluster.local/ns/shop/sa/${account}`;
const endpoint = (address: string, account?: string, port = 8080): GuardedEndpoint => ({
  address,
  port,
  health: 'healthy',
  ...(account === undefined ? {} : { identity: id(account) }),
});
const http = (endpoints: readonly GuardedEndpoint[], more: Partial<GuardedPort> = {}): GuardedPort => ({
  number: 80,
  name: 'http',
  protocol: { kind: 'plain', protocol: 'http' },
  endpoints,
  ...more,
});
const tcp = (endpoints: readonly GuardedEndpoint[]): GuardedPort => ({
  ...http(endpoints),
  number: 3306,
  name: 'db',
  protocol: { kind: 'plain', protocol: 'tcp' },
});
const service = (name: string, ports: readonly GuardedPort[]): GuardedService => ({
  key: `shop/${name}.mesh`,
  host: `${name}.mesh`,
  namespace: 'shop',
  addresses: ['240.0.0.1'],
  location: 'mesh-internal',
  visibility: { kind: 'public' },
  ports,
});
const rule = (name: string, more: Partial<AccessRule> = {}): AccessRule => ({
  object: { kind: 'TrafficTarget', namespace: 'shop', name },
  sources: [id('buyer')],
  ports: 'any',
  requests: 'any',
  ...more,
});
const gets = (pathRegex: string): readonly RequestCondition[] => [{ pathRegex, methods: ['GET'], headers: [] }];
const view = (more: Partial<AccessView> = {}): AccessView => ({
  access: 'Enforced',
  trustDomain: 'cluster.local',
  service: service('web', [http([endpoint('10.0.0.1', 'seller')])]),
  backends: [],
  requestPolicies: [],
  policies: [{ key: id('seller'), rules: [rule('books', { requests: gets('/books') })] }],
  places: { 'TrafficTarget shop/books': { file: 'mesh.yaml', line: 3, column: 1 } },
  others: [],
  ...more,
});

function ask(shown: AccessView, from: string, to: string, flags: Partial<RequestFlags> = {}) {
  const question = readQuestion(shown, parseCaller(from), parseHostAndPort(to), { header: [], ...flags });
  const verdict = verdictOf(shown, question, createExpressions());
  return { verdict, text: explain(shown, question, verdict), answer: verdict.answer };
}

const tried = (account: string): CallerRetry => ({
  caller: id(account),
  policy: { conditions: ['5xx', 'reset'], retries: 3, backoffMs: 25 },
  origin: { object: { kind: 'Retry', namespace: 'shop', name: account } },
});

const splitTo = (requests: SplitRoute['requests'], ...hosts: readonly string[]): SplitRoute => ({
  origin: { object: { kind: 'TrafficSplit', namespace: 'shop', name: 'canary' } },
  requests,
  destinations: hosts.map((host) => ({ destination: { host, port: 80, subset: '' }, weight: 1 })),
});

describe('whether one may call another', () => {
  it('asks Egress policies about what is outside, whatever the mode of access', () => {
    const grant: AccessRule = {
      ...rule('out', { requests: gets('/status') }),
      object: { kind: 'Egress', namespace: 'shop', name: 'out' },
    };
    const outside: GuardedService = {
      ...service('api', [http([])]),
      location: 'mesh-external',
      egress: [{ number: 80, rules: [grant] }],
    };
    for (const access of ['Disabled', 'Permissive', 'Enforced'] as const) {
      const shown = view({ access, service: outside, policies: [] });
      const asked = (from: string, path: string) => ask(shown, from, 'api.mesh', { path });
      expect(asked('shop/buyer', '/status').answer).toBe('all');
      expect(asked('shop/buyer', '/other').answer).toBe('none');
      expect(asked('shop/thief', '/status').answer).toBe('none');
      expect(asked('shop/buyer', '/status').text).toContain(
        '  Allowed by Egress policies, at api.mesh:80\n    permitted by Egress shop/out',
      );
      expect(permittedCallers(shown, outside.ports)).toMatchObject([{ caller: id('buyer'), ports: [80] }]);
    }
  });

  it('says who has a request tried again, for the callers that it names alone', () => {
    const web = { ...service('web', [http([endpoint('10.0.0.1', 'seller')])]), retries: [tried('buyer')] };
    const { text } = ask(view({ service: web }), 'shop/buyer', 'web.mesh');
    expect(text).toContain('  Tried again: 3 times after 5xx, reset, by Retry shop/buyer\n');
    expect(ask(view({ service: web }), 'shop/thief', 'web.mesh').text).not.toContain('Tried again');
  });

  it('is what the rules of the workload permit, after its path was made plain', () => {
    expect(ask(view(), 'shop/buyer', 'web.mesh', { path: '/x/..//books/1?q' }).answer).toBe('all');
    expect(ask(view(), 'shop/buyer', 'web.mesh', { path: '/x' }).answer).toBe('none');
    expect(ask(view(), 'shop/buyer', 'web.mesh', { path: '/books%2f' }).answer).toBe('none');
    expect(ask(view(), 'shop/buyer', 'web.mesh', { path: '/books', method: 'POST' }).answer).toBe('none');
    expect(ask(view(), 'shop/thief', 'web.mesh', { path: '/books' }).answer).toBe('none');
    expect(ask(view(), 'spiffe://far/ns/shop/sa/buyer', 'web.mesh', { path: '/books' }).answer).toBe('none');
  });

  it('is said of each identity behind the service, and of all together', () => {
    const two = service('web', [http([endpoint('10.0.0.1', 'seller'), endpoint('10.0.0.2', 'other')])]);
    const { verdict, text } = ask(view({ service: two }), 'shop/buyer', 'web.mesh', { path: '/books' });
    expect(verdict.answer).toBe('some');
    expect(verdict.targets.map(({ identity, allowed }) => [identity, allowed])).toEqual([
      [id('seller'), true],
      [id('other'), false],
    ]);
    expect(text).toContain('Denied by shop/other, at 10.0.0.2:8080\n    No TrafficTarget is for it');
  });

  it('asks about the port of the workload, not of the service', () => {
    const policies = (...ports: readonly number[]) => [{ key: id('seller'), rules: [rule('books', { ports })] }];
    expect(ask(view({ policies: policies(8080) }), 'shop/buyer', 'web.mesh:80').answer).toBe('all');
    const wrong = ask(view({ policies: policies(80) }), 'shop/buyer', 'web.mesh:80');
    expect(wrong.answer).toBe('none');
    expect(wrong.text).toContain('port: the workload listens on 8080, it is for 80');
  });

  it('is yes for everybody where nothing is enforced, and says so', () => {
    for (const access of ['Disabled', 'Permissive'] as const) {
      const { answer, text } = ask(view({ access }), 'shop/thief', 'web.mesh');
      expect(answer).toBe('all');
      expect(text).toContain(`Access is ${access}`);
    }
  });

  it('is no where nobody can say yes: no endpoint, no service account, not exported', () => {
    expect(ask(view({ service: service('web', [http([])]) }), 'shop/buyer', 'web.mesh').answer).toBe('none');
    const nameless = view({ access: 'Permissive', service: service('web', [http([endpoint('10.0.0.1')])]) });
    expect(ask(nameless, 'shop/buyer', 'web.mesh').text).toContain('ISTH1320');
    const hidden = { ...view().service, visibility: { kind: 'namespaces', namespaces: ['far'] } as const };
    const refused = ask(view({ service: hidden }), 'shop/buyer', 'web.mesh', { path: '/books' });
    expect([refused.answer, refused.verdict.reason]).toEqual(['none', expect.stringContaining('not exported')]);
  });

  it('follows a split to the workloads that the request comes to, and these decide', () => {
    const split = [splitTo(gets('/new'), 'next.mesh')];
    const shown = view({
      service: service('web', [http([endpoint('10.0.0.1', 'seller')], { split })]),
      backends: [service('next', [http([endpoint('10.0.0.2', 'other')])])],
    });
    expect(ask(shown, 'shop/buyer', 'web.mesh', { path: '/books' }).answer).toBe('all');
    const moved = ask(shown, 'shop/buyer', 'web.mesh', { path: '/new' });
    expect(moved.verdict.targets.map(({ host }) => host)).toEqual(['next.mesh']);
    expect(moved.text).toContain('Sent to:     next.mesh:80, by TrafficSplit shop/canary');
    const nowhere = service('web', [http([endpoint('10.0.0.1', 'seller')], { split: [splitTo('any')] })]);
    expect(ask(view({ access: 'Disabled', service: nowhere }), 'shop/buyer', 'web.mesh').text).toContain('503');
  });

  it("knows what a caller's own proxy answers, and which routes are for its namespace", () => {
    const answered: SplitRoute = {
      ...splitTo([{ pathRegex: '', methods: [], headers: [], sourceNamespace: 'shop' }]),
      http: { mirrors: [], answer: { kind: 'given', status: 418 } },
    };
    const shown = view({ service: service('web', [http([endpoint('10.0.0.1', 'seller')], { split: [answered] })]) });
    const own = ask(shown, 'shop/buyer', 'web.mesh', { path: '/books' });
    expect([own.answer, own.verdict.reason]).toEqual(['none', "The caller's own proxy answers it with 418."]);
    expect(ask(shown, 'town/buyer', 'web.mesh', { path: '/books' }).verdict.split).toBeUndefined();
  });

  it('says of a rule that rests on a token that none is told of', () => {
    const claims = [{ path: ['sub'], regexes: ['.+'] }];
    const asking = rule('books', { requests: [{ pathRegex: '', methods: [], headers: [], claims }] });
    const shown = view({ policies: [{ key: id('seller'), rules: [asking] }] });
    const { answer, text } = ask(shown, 'shop/buyer', 'web.mesh', { path: '/books' });
    expect(answer).toBe('none');
    expect(text).toContain('token: it asks for one that is valid');
  });
});

describe('why a rule does not permit a call', () => {
  it('is its first part that does not hold, with the object and its place', () => {
    const books = '    not by TrafficTarget shop/books (mesh.yaml:3:1): ';
    const text = (from: string, flags: Partial<RequestFlags>) => ask(view(), from, 'web.mesh', flags).text;
    expect(text('shop/thief', { path: '/x' })).toContain(`${books}source: it is for shop/buyer`);
    expect(text('shop/buyer', { method: 'PUT' })).toContain(`${books}method: PUT is none of its  [GET /books]`);
    expect(text('shop/buyer', { path: '/a/../x' })).toContain(`${books}path: /x does not match`);
    expect(text('shop/buyer', { path: '/a\u001b%00' })).not.toContain('\u001b');
    const headers = [{ name: 'client', regex: 'a|b' }];
    const requests = [...gets('/x'), { pathRegex: '', methods: [], headers }];
    const shown = view({ policies: [{ key: id('seller'), rules: [rule('books', { requests })] }] });
    const header = parseHeader('Client=c', []);
    expect(ask(shown, 'shop/buyer', 'web.mesh', { header }).text).toContain('header: client is c, not a|b');
    expect(ask(shown, 'shop/buyer', 'web.mesh').text).toContain('header: client is not sent, not a|b');
  });
});

describe('who may call a service', () => {
  it('is listed by the rules that open one of its ports, and for these ports', () => {
    const behind = [endpoint('10.0.0.1', 'seller')];
    const policies = [
      {
        key: id('seller'),
        rules: [
          rule('anything', { sources: 'any' }),
          rule('books', { requests: gets('/books') }),
          rule('closed', { requests: [] }),
          rule('elsewhere', { ports: [1] }),
        ],
      },
    ];
    const shown = view({ service: service('web', [http(behind), tcp(behind)]), policies });
    const listed = permittedCallers(shown, shown.service.ports);
    expect(listed.map(({ caller, ports, object }) => [object.name, caller, ports])).toEqual([
      ['anything', 'any', [80, 3306]],
      ['books', id('buyer'), [80]],
    ]);
  });

  it('is asked of the workloads that all is sent to, where a split sends it elsewhere', () => {
    const shown = view({
      service: service('web', [http([endpoint('10.0.0.1', 'other')], { split: [splitTo('any', 'next.mesh')] })]),
      backends: [service('next', [http([endpoint('10.0.0.2', 'seller')])])],
    });
    expect(permittedCallers(shown, shown.service.ports).map(({ host, caller }) => [host, caller])).toEqual([
      ['next.mesh', id('buyer')],
    ]);
  });
});

describe('what is asked', () => {
  it('is refused where it is not clear, or there is no such thing', () => {
    for (const wrong of ['buyer', 'shop/', 'shop/a/b', 'Shop/buyer', 'spiffe://x', 'spiffe://x/a b'])
      expect(() => parseCaller(wrong), wrong).toThrow(/NAMESPACE\/SERVICEACCOUNT|SPIFFE/);
    for (const wrong of ['', ':80', 'web:', 'web:0', 'web:65536', 'web:1e3', 'a:b:1'])
      expect(() => parseHostAndPort(wrong), wrong).toThrow(/HOST:PORT/);
    for (const wrong of ['a', '=b', 'a b=c']) expect(() => parseHeader(wrong, []), wrong).toThrow('NAME=VALUE');
    const two = view({ service: service('web', [http([]), tcp([])]) });
    expect(() => ask(two, 'shop/buyer', 'web.mesh')).toThrow('one of 80 (http), 3306 (tcp)');
    expect(() => ask(two, 'shop/buyer', 'web.mesh:1')).toThrow('It has 80 (http), 3306 (tcp)');
    expect(() => ask(two, 'shop/buyer', 'web.mesh:3306', { path: '/' })).toThrow('speaks tcp');
  });
});

describe('whether somebody outside the mesh gets in', () => {
  const ingress = (more: Partial<PortIngress>): AccessView =>
    view({
      service: {
        ...service('web', [http([endpoint('10.0.0.1', 'seller')])]),
        ingresses: [{ port: 8080, ingress: { object: gateway, ranges: ['203.0.113.0/24'], requests: 'any', ...more } }],
      },
      places: { 'IngressBackend shop/gateway': { file: 'mesh.yaml', line: 9, column: 1 } },
    });
  const gateway = { kind: 'IngressBackend', namespace: 'shop', name: 'gateway' };
  const from = (shown: AccessView, address: string, flags: Partial<RequestFlags> = {}) => {
    const question = readQuestion(shown, parseFrom(address), parseHostAndPort('web.mesh'), { header: [], ...flags });
    return verdictOf(shown, question, createExpressions());
  };
  const obstacleOf = (...asked: Parameters<typeof from>) => from(...asked).targets[0]?.ingress?.obstacle;

  it('is said by the addresses, the transport and the requests of its IngressBackend', () => {
    const plain = ingress({ requests: gets('/books') });
    expect(from(plain, '203.0.113.7', { path: '/books' })).toMatchObject({ answer: 'all' });
    expect(obstacleOf(plain, '198.51.100.7', { path: '/books' })).toMatch(/^address: /);
    expect(obstacleOf(plain, '203.0.113.7', { path: '/other' })).toMatch(/^requests: /);
    expect(obstacleOf(plain, '203.0.113.7', { path: '/a%2fb' })).toMatch(/^path: /);
    expect(obstacleOf(plain, '203.0.113.7', { path: '/books', serverName: 'a' })).toMatch(/^transport: /);
  });

  it('is said by the server name and the certificate where it takes TLS', () => {
    const tls = ingress({ ranges: 'any', tls: { sniHosts: ['web.example'], principals: ['gateway.edge'] } });
    const named = { serverName: 'web.example' };
    expect(from(tls, '2001:db8::1', { ...named, certificate: 'gateway.edge' }).answer).toBe('all');
    expect(obstacleOf(tls, '2001:db8::1', { certificate: 'gateway.edge' })).toMatch(/^server name: /);
    expect(obstacleOf(tls, '2001:db8::1', named)).toMatch(/^certificate: it asks for one/);
    expect(obstacleOf(tls, '2001:db8::1', { ...named, certificate: 'other' })).toMatch(
      /^certificate: it is for gateway/,
    );
  });

  it('is no where there is none, whatever the mesh permits', () => {
    expect(from(view({ access: 'Permissive' }), '203.0.113.7')).toMatchObject({ answer: 'none' });
    expect(from(view({ access: 'Disabled' }), '203.0.113.7')).toMatchObject({ answer: 'all' });
  });
});

describe('a request of a private protocol', () => {
  const reading: RequestPolicy = {
    key: 'reading',
    object: { kind: 'RequestAuthorizationPolicy', namespace: 'shop', name: 'reading' },
    namespace: 'shop',
    action: 'allow',
    serviceAccounts: ['seller'],
    protocols: 'any',
    rules: [
      {
        path: 'spec.rules[0]',
        callers: [],
        requests: [[{ property: 'method', matches: [{ kind: 'prefix', value: 'get' }], isNegated: false }]],
      },
    ],
  };
  const orders = (codec: string | undefined): AccessView =>
    view({
      access: 'Permissive',
      requestPolicies: [reading, { ...reading, serviceAccounts: ['other'] }, { ...reading, namespace: 'town' }],
      service: service('web', [
        {
          ...http([endpoint('10.0.0.1', 'seller')]),
          protocol: { kind: 'metaprotocol', application: 'orders' },
          ...(codec === undefined ? {} : { codec }),
        },
      ]),
    });
  const property = [{ name: 'method', value: 'getOrder' }];

  it('passes as the policies for the workload let it, and nobody else', () => {
    const { answer, verdict } = ask(orders('orders'), 'shop/buyer', 'web.mesh', { property });
    expect([answer, verdict.targets[0]?.requestPolicies]).toEqual([
      'all',
      [{ object: reading.object, action: 'allow', rule: 'spec.rules[0]' }],
    ]);
    expect(ask(orders('orders'), 'shop/buyer', 'web.mesh').answer).toBe('none');
  });

  it('is not looked into where no codec reads it', () => {
    expect(ask(orders(undefined), 'shop/buyer', 'web.mesh', { property }).answer).toBe('none');
  });

  it('has properties, and HTTP has none', () => {
    expect(() => ask(view(), 'shop/buyer', 'web.mesh', { property })).toThrow('--property is for private protocols');
  });
});
