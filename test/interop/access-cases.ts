/** Questions of access: who sends what where, under which rules, and what is to become of it. */
import type { AccessRule, RequestCondition } from '../../src/model/access.ts';
import type { Outcome } from './access-callers.ts';
import type { Subject } from './access-certificates.ts';

interface Identity extends Subject {
  /** Signed by an authority that the mesh does not trust. */
  readonly isForeign?: true;
}

const spiffe = (rest: string, domain = 'cluster.local') => `spiffe://${domain}/${rest}`;
const BUYER = spiffe('ns/shop/sa/buyer');

/** By whom requests are sent. Absent: without a certificate. */
export const identities: Readonly<Record<string, Identity | undefined>> = {
  buyer: { alternatives: [`URI:${BUYER}`] },
  'buyer with a DNS name': { alternatives: ['DNS:buyer.shop.svc', `URI:${BUYER}`], commonName: 'buyer' },
  'buyer of another namespace': { alternatives: [`URI:${spiffe('ns/far/sa/buyer')}`] },
  'buyer of another trust domain': { alternatives: [`URI:${spiffe('ns/shop/sa/buyer', 'evil.local')}`] },
  buyer2: { alternatives: [`URI:${spiffe('ns/shop/sa/buyer2')}`] },
  Buyer: { alternatives: [`URI:${spiffe('ns/shop/sa/Buyer')}`] },
  'a common name that reads like the buyer': { commonName: BUYER, alternatives: ['DNS:x.shop.svc'] },
  'a common name alone': { commonName: BUYER },
  'a DNS name that reads like the buyer': { alternatives: [`DNS:${BUYER}`] },
  'the buyer by a foreign authority': { alternatives: [`URI:${BUYER}`], isForeign: true },
  'no certificate': undefined,
};

/** What a verified certificate proves. */
export function sourceOf(identity: Identity | undefined): string | undefined {
  if (identity === undefined || identity.isForeign === true) return undefined;
  return identity.alternatives?.find((name) => name.startsWith('URI:'))?.slice('URI:'.length);
}

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  /** `name: value`. */
  readonly headers: readonly string[];
  readonly version: 1 | 2;
}

export interface AccessCase {
  readonly name: string;
  readonly as: string;
  readonly rules: readonly AccessRule[];
  readonly port: number;
  /** Absent: a connection of which nothing but its ends is known. */
  readonly request?: CaseRequest;
  /** Whether the server greets before the caller says a word. */
  readonly isServerFirst?: true;
  readonly expected: Outcome;
}

const rule = (parts: Partial<AccessRule> = {}): AccessRule => ({
  object: { kind: 'TrafficTarget', namespace: 'shop', name: 'books' },
  sources: [BUYER],
  ports: 'any',
  requests: 'any',
  ...parts,
});

const when = (...conditions: readonly Partial<RequestCondition>[]): AccessRule =>
  rule({ requests: conditions.map((parts) => ({ pathRegex: '', methods: [], headers: [], ...parts })) });

type Asked = Partial<Omit<CaseRequest, 'headers'>> & { readonly headers?: readonly string[] };

/** An HTTP request on port 80 by the buyer. */
function http(
  name: string,
  rules: readonly AccessRule[],
  asked: Asked,
  expected: Outcome,
  more: Partial<AccessCase> = {},
): AccessCase {
  const request = {
    method: 'GET',
    path: '/',
    version: 1 as const,
    ...asked,
    headers: asked.headers ?? ['host: books'],
  };
  return { name, as: 'buyer', rules, port: 80, request, expected, ...more };
}

function tcp(
  name: string,
  rules: readonly AccessRule[],
  expected: Outcome,
  more: Partial<AccessCase> = {},
): AccessCase {
  return { name, as: 'buyer', rules, port: 80, expected, ...more };
}

const answers: Readonly<Record<string, Outcome>> = {
  buyer: 'answered',
  'buyer with a DNS name': 'answered',
  'buyer of another namespace': 'denied',
  'buyer of another trust domain': 'denied',
  buyer2: 'denied',
  Buyer: 'denied',
  'a common name that reads like the buyer': 'denied',
  'a common name alone': 'denied',
  'a DNS name that reads like the buyer': 'denied',
  'the buyer by a foreign authority': 'stranger',
  'no certificate': 'stranger',
};

const everybody = (identity: string): Outcome => {
  if (identity.includes('name that') || identity.includes('name alone')) return 'denied';
  return answers[identity] === 'stranger' ? 'stranger' : 'answered';
};

const callers: readonly AccessCase[] = Object.entries(answers).flatMap(([as, expected]) => [
  http(`${as}, HTTP`, [rule()], {}, expected, { as }),
  tcp(`${as}, TCP`, [rule()], expected, { as }),
  http(`${as}, where everybody may, HTTP`, [rule({ sources: 'any' })], {}, everybody(as), { as }),
  tcp(`${as}, where everybody may, TCP`, [rule({ sources: 'any' })], everybody(as), { as }),
]);

const empty: readonly AccessCase[] = [
  http('no rules', [], {}, 'denied'),
  tcp('no rules, TCP', [], 'denied'),
  http('no sources', [rule({ sources: [] })], {}, 'denied'),
  tcp('no sources, TCP', [rule({ sources: [] })], 'denied'),
  http('no ports', [rule({ ports: [] })], {}, 'denied'),
  tcp('no ports, TCP', [rule({ ports: [] })], 'denied'),
  http('no requests', [when()], {}, 'denied'),
  tcp('no requests, TCP', [when()], 'denied'),
  http('a condition of nothing holds for each request', [when({})], {}, 'answered'),
  tcp('a condition of nothing is for HTTP all the same', [when({})], 'denied'),
  tcp('a rule for HTTP opens no TCP port', [when({ pathRegex: '/.*' })], 'denied'),
];

const ports: readonly AccessCase[] = [
  http('the port of the rule', [rule({ ports: [80, 443] })], {}, 'answered'),
  http('another port', [rule({ ports: [443] })], {}, 'denied'),
  http('a port that begins alike', [rule({ ports: [8080] })], {}, 'denied'),
  tcp('the port of the rule, TCP', [rule({ ports: [80] })], 'answered'),
  tcp('another port, TCP', [rule({ ports: [443] })], 'denied'),
  tcp(
    'the one rule for the port, the other for the caller',
    [rule({ ports: [80], sources: ['spiffe://x/y'] }), rule({ ports: [81] })],
    'denied',
  ),
];

/** Refused in the handshake already: later than that the server has spoken. */
const silent = (name: string, rules: readonly AccessRule[], expected: Outcome, as = 'buyer'): AccessCase =>
  tcp(`a server that speaks first: ${name}`, rules, expected, { as, isServerFirst: true });

const serverFirst: readonly AccessCase[] = [
  silent('the buyer', [rule()], 'answered'),
  silent('another', [rule()], 'stranger', 'buyer2'),
  silent('a common name', [rule()], 'stranger', 'a common name alone'),
  silent('anybody', [rule({ sources: 'any' })], 'answered', 'buyer2'),
  silent('no rules', [], 'stranger'),
  silent('no sources', [rule({ sources: [] })], 'stranger'),
  silent('another port', [rule({ ports: [443] })], 'stranger'),
  silent('a rule for HTTP', [when({})], 'stranger'),
];

const books = [when({ pathRegex: '/books' })];
const admin = [when({ pathRegex: '/admin' })];
const path = (target: string, rules: readonly AccessRule[], expected: Outcome, version: 1 | 2 = 1): AccessCase =>
  http(
    `${version === 2 ? 'HTTP/2 ' : ''}${target.slice(0, 40)} where ${conditions(rules)} may`,
    rules,
    { path: target, version },
    expected,
  );

function conditions(rules: readonly AccessRule[]): string {
  return rules
    .flatMap(({ requests }) => (requests === 'any' ? 'all' : requests.map(({ pathRegex }) => pathRegex)))
    .join(' or ');
}

const paths: readonly AccessCase[] = [
  path('/books', books, 'answered'),
  path('/books/1', books, 'answered'),
  path('/bookshelf', books, 'answered'),
  path('/old/books', books, 'denied'),
  path('/book', books, 'denied'),
  path('/BOOKS', books, 'denied'),
  path('/books?id=1', books, 'answered'),
  path('/?/books', books, 'denied'),
  path('/books?x=/../admin', books, 'answered'),
  path('/books/../admin', books, 'denied'),
  path('/books/../admin', admin, 'answered'),
  path('/books/../../../admin/', admin, 'answered'),
  path('/books/./1', [when({ pathRegex: '/books/1$' })], 'answered'),
  path('//admin', books, 'denied'),
  path('//admin', admin, 'answered'),
  path('/books//1', [when({ pathRegex: '/books/1$' })], 'answered'),
  path('/books/%2e%2e/admin', books, 'denied'),
  path('/books/%2E%2E/admin', admin, 'answered'),
  path('/books/..;/admin', books, 'denied'),
  path('/books/..;x=y/admin', admin, 'answered'),
  path('/books;v=1', books, 'answered'),
  path('/books;v=1/2', [when({ pathRegex: '/books$' })], 'denied'),
  path('/books%2F..%2Fadmin', books, 'malformed'),
  path('/books%5c..%5cadmin', books, 'malformed'),
  path('/books\\..\\admin', books, 'denied'),
  path('/books\\..\\admin', admin, 'answered'),
  path('/%62ooks', books, 'answered'),
  path('/books%00', books, 'malformed'),
  path('/books#', books, 'malformed'),
  path('/books?#', books, 'malformed'),
  path('/books?x=%2F%00', books, 'answered'),
  path('/bücher', [when({ pathRegex: '/b%C3%BCcher' })], 'answered', 2),
  path('/bücher', [when({ pathRegex: '/bücher' })], 'denied', 2),
  path('/b%c3%bccher', [when({ pathRegex: '/b%C3%BCcher' })], 'denied'),
  path('/b%c3%bccher', [when({ pathRegex: '(?i)/b%C3%BCcher' })], 'answered'),
  path('/<{"|`^}>', [when({ pathRegex: '/%3C%7B%22%7C%60%5E%7D%3E$' })], 'answered'),
  path(`/books/${'x'.repeat(50_000)}`, books, 'answered'),
  path(`/${'x'.repeat(50_000)}/books`, books, 'denied'),
  path('/books/1', [when({ pathRegex: '/books$' })], 'denied'),
  path('/books', [when({ pathRegex: '^/books$' })], 'answered'),
  path('/b', [when({ pathRegex: '/a|/b' })], 'answered'),
  path('/x/b', [when({ pathRegex: '/a|/b' })], 'denied'),
  path('/a.b', [when({ pathRegex: '\\Q/a.b' })], 'answered'),
  path('/aab', [when({ pathRegex: '\\Q/a.b' })], 'denied'),
  path('/a.b/c', [when({ pathRegex: '\\Q/a.b\\E/[c-d]' })], 'answered'),
  path('/a\\b', [when({ pathRegex: '/a\\\\b' })], 'denied'),
  path('//', [when({ pathRegex: '//' })], 'answered'),
];

const method = (name: string, methods: readonly string[], expected: Outcome, version: 1 | 2 = 1): AccessCase =>
  http(
    `${name} where ${methods.join(' or ') || 'each method'} may, HTTP/${version}`,
    [when({ methods })],
    { method: name, version, headers: ['host: books', 'content-type: text/plain'] },
    expected,
  );

const methods: readonly AccessCase[] = [
  method('GET', ['GET'], 'answered'),
  method('POST', ['GET'], 'denied'),
  method('POST', ['GET', 'POST'], 'answered'),
  method('HEAD', ['GET'], 'denied'),
  method('get', ['GET'], 'denied', 2),
  method('GETS', ['GET'], 'denied', 2),
  method('QUERY', [], 'answered'),
  method('QUERY', [], 'answered', 2),
  method('QUERY', ['GET'], 'denied'),
  method('TRACE', [], 'answered'),
  method('OPTIONS', ['OPTIONS'], 'answered'),
];

const role = [when({ headers: [{ name: 'x-role', regex: 'good' }] })];
const header = (
  headers: readonly string[],
  rules: readonly AccessRule[],
  expected: Outcome,
  version: 1 | 2 = 1,
): AccessCase =>
  http(
    `[${headers.join(' | ')}] where ${JSON.stringify(rules[0]?.requests)} may, HTTP/${version}`,
    rules,
    { headers: headers.some((line) => /^host:/i.test(line)) ? headers : ['host: books', ...headers], version },
    expected,
  );

const agent = [when({ headers: [{ name: 'user-agent', regex: 'good' }] })];
const host = (regex: string) => [when({ headers: [{ name: 'host', regex }] })];

const headers: readonly AccessCase[] = [
  header(['x-role: good'], role, 'answered'),
  header(['X-ROLE: good'], role, 'answered'),
  header(['x-role: Good'], role, 'denied'),
  header([], role, 'denied'),
  header(['x-role:'], role, 'denied'),
  header(['x-role: goods'], role, 'denied'),
  header(['x-role: no good'], role, 'denied'),
  header(['x-role:  \t good \t '], role, 'answered'),
  header(['x-role: good,bad'], role, 'denied'),
  header(['x-role: good', 'x-role: bad'], role, 'answered'),
  header(['x-role: bad', 'x-role: good'], role, 'answered'),
  header(['x-role: bad', 'x-role: good'], role, 'answered', 2),
  header(['x-role: bad', 'x-role: worse'], role, 'denied'),
  header(['user-agent: good'], agent, 'answered'),
  header(['user-agent: good', 'user-agent: good'], agent, 'denied'),
  header(['user-agent: bad', 'user-agent: good'], agent, 'denied'),
  header(['user-agent: a', 'user-agent: b'], [when({ headers: [{ name: 'user-agent', regex: 'a,b' }] })], 'answered'),
  header(['x-role: café'], [when({ headers: [{ name: 'x-role', regex: 'café' }] })], 'answered'),
  header(['x-role: café'], [when({ headers: [{ name: 'x-role', regex: 'caf.' }] })], 'denied'),
  header(['x-role: café'], [when({ headers: [{ name: 'x-role', regex: 'caf..' }] })], 'answered'),
  header(['x-role: '], [when({ headers: [{ name: 'x-role', regex: '.*' }] })], 'answered'),
  header(
    ['x-role: good', 'x-team: a'],
    [
      when({
        headers: [
          { name: 'x-role', regex: 'good' },
          { name: 'x-team', regex: 'b' },
        ],
      }),
    ],
    'denied',
  ),
  header(
    ['x-role: good', 'x-team: b'],
    [
      when({
        headers: [
          { name: 'x-role', regex: 'good' },
          { name: 'x-team', regex: 'b' },
        ],
      }),
    ],
    'answered',
  ),
  header(['host: books'], host('books'), 'answered'),
  header(['HOST: books'], host('books'), 'answered'),
  header(['host: Books'], host('books'), 'denied'),
  header(['host: books:80'], host('books'), 'denied'),
  header(['host: books:80'], host('books(:\\d+)?'), 'answered'),
  header(['host: evil'], host('books'), 'denied'),
  header(['host: books', 'host: evil'], host('books'), 'denied'),
  header(['host: books'], host('books'), 'answered', 2),
  header(['connection: good'], [when({ headers: [{ name: 'connection', regex: '.*' }] })], 'denied'),
  header(['keep-alive: good'], [when({ headers: [{ name: 'keep-alive', regex: '.*' }] })], 'denied'),
  header(
    ['x-forwarded-client-cert: good'],
    [when({ headers: [{ name: 'x-forwarded-client-cert', regex: 'good' }] })],
    'denied',
  ),
  header(['x-envoy-internal: true'], [when({ headers: [{ name: 'x-envoy-internal', regex: 'true' }] })], 'denied'),
];

/** Envoy keeps one value of these, and each of all others. */
const joined = [
  ...['accept', 'accept-encoding', 'access-control-request-headers', 'access-control-request-method', 'authorization'],
  ...[
    'cache-control',
    'content-encoding',
    'content-type',
    'grpc-accept-encoding',
    'grpc-timeout',
    'if-match',
    'pragma',
  ],
  ...['if-none-match', 'origin', 'referer', 'user-agent', 'via', 'x-client-trace-id', 'x-forwarded-for'],
  ...['x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-request-id'],
];
const separate = [
  'accept-language',
  'cookie',
  'date',
  'forwarded',
  'range',
  'traceparent',
  'x-b3-traceid',
  'x-real-ip',
];

const repeated: readonly AccessCase[] = [...joined, ...separate].flatMap((name) => {
  const together = [when({ headers: [{ name, regex: 'a,b' }] })];
  const one = [when({ headers: [{ name, regex: 'b' }] })];
  const isJoined = joined.includes(name);
  return [
    header([`${name}: a`, `${name}: b`], together, isJoined ? 'answered' : 'denied'),
    header([`${name}: a`, `${name}: b`], one, isJoined ? 'denied' : 'answered'),
  ];
});

const cookies: readonly AccessCase[] = ['a', 'b', 'a; b'].map((regex) =>
  header(
    ['cookie: a', 'cookie: b'],
    [when({ headers: [{ name: 'cookie', regex }] })],
    regex === 'a; b' ? 'answered' : 'denied',
    2,
  ),
);

const named = (name: string, base: AccessRule): AccessRule => ({ ...base, object: { ...base.object, name } });
const narrow = named('narrow', when({ pathRegex: '/books', methods: ['GET'] }));
const wide = named('wide', { ...when({ pathRegex: '/b' }), sources: [spiffe('ns/far/sa/buyer')] });
const posts = named('posts', when({ methods: ['POST'], headers: [{ name: 'x-role', regex: 'good' }] }));

const overlapping: readonly AccessCase[] = [
  http('what the first of several rules permits', [narrow, wide, posts], { path: '/books' }, 'answered'),
  http('what another rule permits of the same path', [narrow, wide, posts], { path: '/books' }, 'answered', {
    as: 'buyer of another namespace',
  }),
  http('what the wider rule permits, which is for others', [narrow, wide, posts], { path: '/b' }, 'denied'),
  http(
    'what the last rule permits',
    [narrow, wide, posts],
    { method: 'POST', headers: ['host: b', 'x-role: good'] },
    'answered',
  ),
  http(
    'half of the one and half of the other rule',
    [narrow, wide, posts],
    { method: 'POST', path: '/books' },
    'denied',
  ),
  http(
    'the second of several conditions',
    [when({ pathRegex: '/a' }, { pathRegex: '/b' })],
    { path: '/b' },
    'answered',
  ),
  http('rules of one name', [when({ pathRegex: '/a' }), when({ pathRegex: '/b' })], { path: '/a' }, 'answered'),
  http(
    'rules of one name, the other',
    [when({ pathRegex: '/a' }), when({ pathRegex: '/b' })],
    { path: '/b' },
    'answered',
  ),
];

export const accessCases: readonly AccessCase[] = [
  ...callers,
  ...empty,
  ...ports,
  ...serverFirst,
  ...paths,
  ...methods,
  ...headers,
  ...repeated,
  ...cookies,
  ...overlapping,
];
