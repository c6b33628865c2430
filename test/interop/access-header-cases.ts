/** Questions about headers: their case, their number, and whose they are. */
import type { AccessRule } from '../../src/model/access.ts';
import type { Outcome } from './access-callers.ts';
import { type AccessCase, http, when } from './access-case.ts';

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
  header(['x-role: café'], [when({ headers: [{ name: 'x-role', regex: 'caf[é]' }] })], 'denied'),
  header(['x-role: café'], [when({ headers: [{ name: 'x-role', regex: '(?i)CAFÉ' }] })], 'denied'),
  header(['x-role: cafe\u0301'], [when({ headers: [{ name: 'x-role', regex: 'café' }] })], 'denied'),
  header(['x-role: ｇｏｏｄ'], role, 'denied'),
  header(['x_role: good'], role, 'denied'),
  header(['x-rolе: good'], role, 'malformed'),
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

export const headerCases: readonly AccessCase[] = [...headers, ...repeated, ...cookies];
