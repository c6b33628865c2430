import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { inboundAt, serviceEntry, testMesh } from '../mesh-fixture.ts';

function read(object: object): AnyResource {
  const { resource, findings } = createResourceReader().read(object);
  if (resource === undefined) throw new Error(JSON.stringify(findings));
  return resource;
}

const config = (access: string): AnyResource =>
  read({
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'MeshConfig',
    metadata: { name: 'mesh' },
    spec: { access: { mode: access } },
  });

const policy = (spec: object, namespace = 'shop', name = 'p'): AnyResource =>
  read({ apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec });

const orders = serviceEntry('shop/orders', {
  endpoints: [{ address: '10.0.0.1', serviceAccount: 'orders', labels: { app: 'orders' } }],
});

/** The rules before the workload; undefined where whoever has a certificate may call. */
function rulesFor(...policies: readonly AnyResource[]) {
  const { mesh, set, findings } = testMesh();
  set(config('Permissive'), orders, ...policies);
  return { rules: inboundAt(mesh, '10.0.0.1|9000')?.guard?.rules, findings: findings() };
}

const web = 'spiffe://cluster.local/ns/pay/sa/web';

describe('an AuthorizationPolicy', () => {
  it('that allows permits what its rules say to the workloads that it selects, and nothing else is permitted there', () => {
    const { rules, findings } = rulesFor(
      policy({
        selector: { matchLabels: { app: 'orders' } },
        rules: [
          {
            from: [{ source: { principals: ['cluster.local/ns/pay/sa/web'] } }],
            to: [{ operation: { methods: ['GET'], paths: ['/a.b/*'], hosts: ['*.example.com'], ports: ['9000'] } }],
          },
        ],
      }),
    );
    expect(findings).toEqual([]);
    expect(rules).toMatchObject([
      {
        sources: [web],
        ports: [9000],
        requests: [
          {
            pathRegex: '/a\\.b/.*$',
            headers: [
              { name: ':method', regex: 'GET' },
              { name: 'host', regex: '(?i)(?:.*\\.example\\.com)(?::\\d+)?' },
            ],
          },
        ],
      },
    ]);
  });

  it.each(['isthmus-system', 'istio-system'])('in %s, a root namespace, is for the workloads of all', (root) => {
    expect(rulesFor(policy({ action: 'DENY', rules: [{}] }, root)).rules).toEqual([]);
  });

  it('is for no workload that it does not select, and in the root namespace for those of all', () => {
    const allow = { rules: [{}] };
    expect(rulesFor(policy({ ...allow, selector: { matchLabels: { app: 'other' } } })).rules).toBeUndefined();
    expect(rulesFor(policy(allow, 'pay')).rules).toBeUndefined();
    expect(rulesFor(policy(allow, 'isthmus-system')).rules).toMatchObject([
      { sources: 'any', ports: 'any', requests: 'any' },
    ]);
    expect(rulesFor(policy({})).rules).toEqual([]);
  });

  it.each([
    ['DENY', { action: 'DENY', rules: [{ to: [{ operation: { methods: ['PUT'] } }] }] }, 'spec.action'],
    ['CUSTOM', { action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] }, 'spec.action'],
    [
      'a condition that is not seen',
      { rules: [{ when: [{ key: 'source.ip', values: ['10.0.0.1'] }] }] },
      'spec.rules[0].when',
    ],
    [
      'what a token may not say',
      { rules: [{ when: [{ key: 'request.auth.claims[a]', notValues: ['b'] }] }] },
      'spec.rules[0].when',
    ],
    [
      'a caller that is not seen',
      { rules: [{ from: [{ source: { notNamespaces: ['x'] } }] }] },
      'spec.rules[0].from[0].source',
    ],
    [
      'a request that is not seen',
      { rules: [{ to: [{ operation: { notPaths: ['/x'] } }] }] },
      'spec.rules[0].to[0].operation',
    ],
  ])('with %s lets nobody in, and says so', (_name, spec, path) => {
    const { rules, findings } = rulesFor(
      policy(spec),
      ...(path === 'spec.action' ? [policy({ rules: [{}] }, 'shop', 'q')] : []),
    );
    expect(rules).toEqual([]);
    expect(findings).toEqual([`ISTH0322 AuthorizationPolicy/p ${path}`]);
  });

  const claims = (...requests: readonly object[]) =>
    requests.map((one) => ({ pathRegex: '', methods: [], headers: [], claims: one }));
  const claim = (regex: string, ...path: readonly string[]) => ({ path, regexes: [regex] });

  it('that asks for a token permits requests alone, with one of those that it names', () => {
    const requestPrincipals = ['https://issuer.example/*', '*/joe', 'a/b', '*'];
    const { rules, findings } = rulesFor(policy({ rules: [{ from: [{ source: { requestPrincipals } }] }] }));
    expect(findings).toEqual([]);
    expect(rules).toMatchObject([
      {
        sources: 'any',
        requests: claims(
          [claim('https://issuer\\.example', 'iss'), claim('.+', 'sub')],
          [claim('.+', 'iss'), claim('joe', 'sub')],
          [claim('a', 'iss'), claim('b', 'sub')],
          [claim('.+', 'iss'), claim('.+', 'sub')],
        ),
      },
    ]);
  });

  it('that asks callers for a token asks no other callers for one', () => {
    const named = { principals: ['cluster.local/ns/pay/sa/web'] };
    const from = [
      { source: named },
      { source: { requestPrincipals: ['a/b'], principals: ['cluster.local/ns/pay/sa/app'] } },
    ];
    expect(rulesFor(policy({ rules: [{ from }] })).rules).toMatchObject([
      { sources: [web], requests: 'any' },
      { sources: ['spiffe://cluster.local/ns/pay/sa/app'], requests: claims([claim('a', 'iss'), claim('b', 'sub')]) },
    ]);
    const onlyWith = policy({ rules: [{ from: from.slice(1) }] });
    expect(rulesFor(onlyWith).rules).toHaveLength(1);
  });

  it('that asks for claims asks for all of them, each with one of its values', () => {
    const when = [
      { key: 'request.auth.claims[group][id]', values: ['a*', 'b'] },
      { key: 'request.auth.audiences', values: ['shop'] },
      { key: 'request.auth.presenter', values: ['app'] },
      { key: 'request.auth.principal', values: ['i/s'] },
    ];
    const to = [{ operation: { paths: ['/a'] } }];
    expect(rulesFor(policy({ rules: [{ to, when }] })).rules).toMatchObject([
      {
        requests: [
          {
            pathRegex: '/a$',
            claims: [
              { path: ['group', 'id'], regexes: ['a.*', 'b'] },
              claim('shop', 'aud'),
              claim('app', 'azp'),
              claim('i', 'iss'),
              claim('s', 'sub'),
            ],
          },
        ],
      },
    ]);
  });

  it('is kept to where another service stands at the same port, whose object names no labels', () => {
    const endpoint = { address: '10.0.0.1', serviceAccount: 'orders' };
    const unlabelled = serviceEntry('shop/a', { hosts: ['a.mesh'], endpoints: [endpoint] });
    const selector = { matchLabels: { app: 'orders' } };
    const at = (spec: object) => {
      const { mesh, set } = testMesh();
      set(config('Permissive'), orders, unlabelled, policy({ selector, ...spec }));
      expect(inboundAt(mesh, '10.0.0.1|9000')?.host).toBe('a.mesh');
      return inboundAt(mesh, '10.0.0.1|9000')?.guard?.rules;
    };
    const rules = [{ from: [{ source: { principals: ['cluster.local/ns/pay/sa/web'] } }] }];
    expect(at({ rules })).toMatchObject([{ sources: [web] }]);
    expect(at({ action: 'DENY', rules })).toEqual([]);
  });

  it('that cannot be read lets nobody in to the workloads that it is for', () => {
    const broken = createResourceReader().read({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { selector: { matchLabels: { app: 'orders' } }, action: 'PERHAPS' },
    });
    expect(broken.findings.map(({ code }) => code)).toContain('ISTH0241');
    expect(rulesFor(...(broken.resource === undefined ? [] : [broken.resource])).rules).toEqual([]);
  });

  it('that audits, or where access is disabled, keeps nobody out, and says so', () => {
    const audit = rulesFor(policy({ action: 'AUDIT', rules: [{}] }));
    expect([audit.rules, audit.findings]).toEqual([undefined, ['ISTH0321 AuthorizationPolicy/p']]);
    const { mesh, set, findings } = testMesh();
    set(config('Disabled'), orders, policy({ rules: [{}] }));
    expect(inboundAt(mesh, '10.0.0.1|9000')?.guard).toBeUndefined();
    expect(findings()).toEqual(['ISTH0321 AuthorizationPolicy/p']);
  });
});
