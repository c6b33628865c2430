import { expect, test } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { inboundAt, serviceEntry, testMesh } from '../mesh-fixture.ts';

const keys = '{"keys":[{"kty":"oct","k":"YQ"}]}';

function authentication(spec: object, namespace = 'shop', name = 'tokens'): AnyResource {
  const { resource, findings } = createResourceReader().read({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name, namespace },
    spec,
  });
  if (resource === undefined) throw new RangeError(JSON.stringify(findings));
  return resource;
}

const orders = serviceEntry('shop/orders', {
  endpoints: [{ address: '10.0.0.1', serviceAccount: 'orders', labels: { app: 'orders' } }],
});

function tokensOf(...policies: readonly AnyResource[]) {
  const { mesh, set, findings } = testMesh();
  set(orders, serviceEntry('shop/issuer', { hosts: ['issuer.mesh'] }), ...policies);
  return { tokens: inboundAt(mesh, '10.0.0.1|9000')?.tokens, findings: findings() };
}

const rule = { issuer: 'a', jwks: keys };
const issuers = (...policies: readonly AnyResource[]) => tokensOf(...policies).tokens?.map(({ issuer }) => issuer);

test('tokens are looked at beside the workloads that a policy selects, by all policies that do', () => {
  expect(issuers()).toBeUndefined();
  expect(issuers(authentication({ jwtRules: [rule] }))).toEqual(['a']);
  expect(issuers(authentication({ jwtRules: [rule] }, 'pay'))).toBeUndefined();
  expect(issuers(authentication({ jwtRules: [rule], selector: { matchLabels: { app: 'b' } } }))).toBeUndefined();
  const ofAll = authentication({ jwtRules: [{ issuer: 'b', jwks: keys }] }, 'isthmus-system');
  const own = authentication({ jwtRules: [rule], selector: { matchLabels: { app: 'orders' } } });
  expect(issuers(own, ofAll)?.toSorted()).toEqual(['a', 'b']);
  expect(issuers(authentication({}))).toBeUndefined();
});

test('tokens are looked at where another service stands at the same port, whose object names no labels', () => {
  const endpoint = { address: '10.0.0.1', serviceAccount: 'orders' };
  const { mesh, set } = testMesh();
  const own = authentication({ jwtRules: [rule], selector: { matchLabels: { app: 'orders' } } });
  set(orders, serviceEntry('shop/a', { hosts: ['a.mesh'], endpoints: [endpoint] }), own);
  expect(inboundAt(mesh, '10.0.0.1|9000')).toMatchObject({ host: 'a.mesh', tokens: [{ issuer: 'a' }] });
});

test('keys are those that are written, or those of a service that proxies reach', () => {
  expect(tokensOf(authentication({ jwtRules: [rule] })).tokens).toMatchObject([{ keys: { set: keys } }]);
  const remote = { issuer: 'a', jwksUri: 'http://issuer.mesh:9000/keys', timeout: '2s' };
  expect(tokensOf(authentication({ jwtRules: [remote] }))).toMatchObject({
    tokens: [{ keys: { uri: remote.jwksUri, host: 'issuer.mesh', port: 9000, timeoutMs: 2000 } }],
    findings: [],
  });
});

test.each([
  [{ jwks: 'keys' }, 'jwks'],
  [{ jwks: '[]' }, 'jwks'],
  [{}, 'jwks'],
  [{ jwksUri: 'https://issuer.mesh/keys' }, 'jwksUri'],
  [{ jwksUri: 'http://nobody.mesh/keys' }, 'jwksUri'],
  [{ jwksUri: 'keys' }, 'jwksUri'],
])('with %j no token is valid, and that is said', (written, field) => {
  const { tokens, findings } = tokensOf(authentication({ jwtRules: [{ issuer: 'a', ...written }] }));
  expect(tokens).toMatchObject([{ keys: 'none' }]);
  expect(findings).toEqual([`ISTH1353 RequestAuthentication/tokens spec.jwtRules[0].${field}`]);
});

test('a policy for a gateway or a waypoint is for no workload of ours, and that is said', () => {
  const targetRefs = [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'a' }];
  expect(tokensOf(authentication({ targetRefs, jwtRules: [rule] }))).toEqual({
    tokens: undefined,
    findings: ['ISTH0321 RequestAuthentication/tokens spec.targetRefs'],
  });
});

test('by a policy that cannot be read no token is valid at the workloads that it is for', () => {
  expect(tokensOf(authentication({ jwtRules: [{ ...rule, timeout: 'soon' }] }))).toMatchObject({
    tokens: [{ issuer: '', keys: 'none' }],
  });
  const other = { matchLabels: { app: 'other' } };
  expect(issuers(authentication({ jwtRules: [{ ...rule, timeout: 'soon' }], selector: other }))).toBeUndefined();
});
