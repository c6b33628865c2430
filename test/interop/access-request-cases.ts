/** Questions about paths and methods, and about rules that overlap. */
import type { AccessRule } from '../../src/model/access.ts';
import type { Outcome } from './access-callers.ts';
import { type AccessCase, http, spiffe, when } from './access-case.ts';

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
  // What some servers decode twice, or from more bytes than a character needs, is what it looks like to all here.
  path('/books/%252e%252e/admin', books, 'answered'),
  path('/books/%252e%252e/admin', admin, 'denied'),
  path('/books/%c0%ae%c0%ae/admin', books, 'answered'),
  path('/books/%c0%ae%c0%ae/admin', admin, 'denied'),
  path('/books/..', books, 'denied'),
  path('/books/.../admin', books, 'answered'),
  path('/books%09', books, 'answered'),
  path('/ＢＯＯＫＳ', books, 'denied', 2),
  path('/b\u00fccher', [when({ pathRegex: '/b..cher' })], 'denied', 2),
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

export const requestCases: readonly AccessCase[] = [...paths, ...methods, ...overlapping];
