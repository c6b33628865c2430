/** Who may call whom, decided twice: by the function that answers users, and by a stock Envoy with the filters we make. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowed } from '../../src/model/access-decision.ts';
import { enforcedPath } from '../../src/model/access-path.ts';
import { callerCases, identities, sourceOf } from './access-caller-cases.ts';
import { connection, type Reply, request, request2 } from './access-callers.ts';
import type { AccessCase, CaseRequest } from './access-case.ts';
import type { Certificate } from './access-certificates.ts';
import { headerCases } from './access-header-cases.ts';
import { requestCases } from './access-request-cases.ts';
import { AccessStage, type Gate } from './access-stage.ts';
import { peerUnderTest } from './peer-under-test.ts';

const envoy = peerUnderTest('envoy');

const accessCases: readonly AccessCase[] = [...callerCases, ...requestCases, ...headerCases];

function gateOf({ rules, port, request: asked, isServerFirst }: AccessCase): Gate {
  if (asked !== undefined) return { rules, port, kind: 'http' };
  return { rules, port, kind: isServerFirst === true ? 'server-first' : 'tcp' };
}

/** A text as its bytes in UTF-8, one a character. */
const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

const split = (line: string) => {
  const colon = line.indexOf(':');
  return { name: line.slice(0, colon), value: line.slice(colon + 1) };
};

function decide({ as, rules, port, request: asked }: AccessCase): boolean {
  const call = { source: sourceOf(identities[as]), port };
  const policy = { key: 'spiffe://cluster.local/ns/shop/sa/books', rules };
  const matches = (regex: string, text: string) => RE2JS.matches(regex, text);
  if (asked === undefined) return allowed(policy, call, matches).allowed;
  const { method, path, headers, version } = asked;
  const asSent = { method, path, headers: headers.map(split), isHttp2: version === 2 };
  return allowed(policy, { ...call, request: asSent }, matches).allowed;
}

function pseudoHeaders({ method, path, headers }: CaseRequest): Record<string, string | string[]> {
  const all = Map.groupBy(headers.map(split), ({ name }) => (name === 'host' ? ':authority' : name));
  const values = [...all].map(([name, same]) => [name, same.map(({ value }) => value.trim())] as const);
  const fields = values.map(([name, [first = '', ...more]]) => [name, more.length === 0 ? first : [first, ...more]]);
  return { ...Object.fromEntries(fields), ':method': method, ':path': bytes(path) };
}

describe.skipIf(envoy === undefined)('access as envoy enforces it', () => {
  const stage = new AccessStage();
  const certificates = new Map<string, Certificate>();

  beforeAll(async () => {
    for (const [at, [name, identity]] of Object.entries(identities).entries()) {
      if (identity === undefined) continue;
      const authority = identity.isForeign === true ? stage.strangers : stage.authority;
      certificates.set(name, authority.issue(`caller-${at}`, identity));
    }
    await stage.start(envoy ?? '', accessCases.map(gateOf));
  });

  afterAll(() => stage.stop());

  async function send(asked: AccessCase): Promise<Reply> {
    const caller = { certificate: certificates.get(asked.as), port: stage.portOf(gateOf(asked)) };
    if (asked.request === undefined) return connection(caller, asked.isServerFirst === true ? '' : 'hello');
    const { method, path, headers, version } = asked.request;
    if (version === 2) return request2(caller, pseudoHeaders(asked.request));
    return request(caller, { method, target: bytes(path), headers: headers.map(bytes) });
  }

  it.each(accessCases.map((asked) => [asked.name, asked] as const))('%s', async (_, asked) => {
    const { outcome } = await send(asked);
    expect({ envoy: outcome, decision: decide(asked) }).toEqual({
      envoy: asked.expected,
      decision: asked.expected === 'answered',
    });
  });

  it('sees every path as the decision does', async () => {
    const pieces = [
      '/',
      '//',
      '\\',
      '.',
      '..',
      ';',
      '..;',
      'a',
      'b=1',
      '%2e',
      '%2E',
      '%41',
      '%7e',
      '%c3%A9',
      '%',
      '%2',
      '"',
      '|',
      '~',
      '^',
      '%25',
      '%252f',
      '%3b',
      '%20',
      '+',
      '4',
      '1',
      'A',
      '[',
      '{',
      '*',
      ',',
    ];
    const targets = fc.sample(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }), { numRuns: 300, seed: 7 });
    const open = accessCases.find(({ name }) => name === 'buyer, HTTP');
    if (open === undefined) throw new RangeError('no such case');
    const differences: string[] = [];
    for (const parts of targets) {
      const target = `/${parts.join('')}`;
      stage.seen = [];
      await send({ ...open, request: { method: 'GET', path: target, headers: ['host: books'], version: 1 } });
      const [first] = stage.seen;
      const seen = first?.slice('GET '.length, -' HTTP/1.1'.length);
      const decided = enforcedPath(target);
      if (seen !== decided) differences.push(`${target}: Envoy ${seen}, decision ${decided}`);
    }
    expect(differences).toEqual([]);
  });

  it('runs without one deprecated field', () => {
    expect(stage.log()).not.toMatch(/deprecated/i);
  });
});
