import { describe, expect, it } from 'vitest';
import type { RequestPolicy } from '../../model/request-policy.ts';
import { endpoint, group, HOST, servicePort } from '../translation-fixture.ts';
import { accessFilters, servedPolicies } from './inbound-access.ts';

const policy = (rest: Partial<RequestPolicy> = {}): RequestPolicy => ({
  key: 'a',
  object: { kind: 'DubboAuthorizationPolicy', namespace: 'shop', name: 'a' },
  namespace: 'shop',
  action: 'allow',
  serviceAccounts: 'any',
  protocols: ['dubbo'],
  rules: [{ path: 'spec.rules[0]', callers: [], requests: [] }],
  ...rest,
});
const identity = (account: string) => `spiffe://cluster.local/ns/shop/sa/${account}`;
const at = (...accounts: readonly (string | undefined)[]) => [
  group(
    '',
    ...accounts.map((account, n) =>
      endpoint(`10.0.0.${n}`, account === undefined ? {} : { identity: identity(account) }),
    ),
  ),
];
const served = { host: HOST, port: servicePort({ kind: 'native', protocol: 'dubbo' }) };

describe('policies of a namespace', () => {
  it('are for the ports of their protocols', () => {
    const thrift = { ...served, port: servicePort({ kind: 'native', protocol: 'thrift' }) };
    expect(servedPolicies(served, [policy()], at('orders')).policies).toHaveLength(1);
    expect(servedPolicies(thrift, [policy()], at('orders')).policies).toEqual([]);
  });

  it('for service accounts are for the services of theirs alone', () => {
    const some = policy({ serviceAccounts: ['orders'] });
    expect(servedPolicies(served, [some], at('orders', 'orders'))).toEqual({ policies: [some], findings: [] });
    expect(servedPolicies(served, [some], at('payments'))).toEqual({ policies: [], findings: [] });
  });

  it('for some workloads of a service, or for nobody knows which, hold for all, which is told', () => {
    const some = policy({ serviceAccounts: ['orders'] });
    for (const groups of [at('orders', 'payments'), at('orders', undefined), at(undefined), at()]) {
      const { policies, findings } = servedPolicies(served, [some], groups);
      expect(policies).toEqual([some]);
      expect(findings).toMatchObject([{ code: 'ISTH1350', object: some.object }]);
    }
  });
});

describe('access by connection', () => {
  const requests = [[{ property: 'method', matches: [{ kind: 'exact', value: 'pay' }], isNegated: false }]] as const;

  it('permits nobody by what is allowed for some requests, and denies all to whom some are denied', () => {
    const rules = [{ path: 'spec.rules[0]', callers: [], requests }];
    const filters = accessFilters([policy({ rules }), policy({ action: 'deny', rules })], 7).filters;
    expect(filters.map(({ filter, operation }) => [operation, filter.config.rules])).toEqual([
      ['INSERT_FIRST', {}],
      [
        'INSERT_FIRST',
        {
          action: 'DENY',
          policies: {
            'DubboAuthorizationPolicy/shop/a/spec.rules[0]': {
              permissions: [{ any: true }],
              principals: [{ any: true }],
            },
          },
        },
      ],
    ]);
  });

  it('puts no filter where there is no policy', () => {
    expect(accessFilters([], 7).filters).toEqual([]);
  });
});
