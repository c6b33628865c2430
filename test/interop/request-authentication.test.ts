/** RequestAuthentications as a stock Envoy before a workload carries them out: by what callers are answered. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { ask, entry, serve } from './limited-services.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const seller: Workload = { address: '127.0.84.1', namespace: 'shop', serviceAccount: 'seller' };
const buyer: Workload = { address: '127.0.84.2', namespace: 'shop', serviceAccount: 'buyer' };

const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keySet = JSON.stringify({ keys: [{ ...own.publicKey.export({ format: 'jwk' }), alg: 'RS256' }] });

function token(claims: object, key: KeyObject = own.privateKey): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: 'desk', sub: 'joe', exp: 4e9, ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

const bearer = (text: string): Record<string, string> => ({ authorization: `Bearer ${text}` });

const authentication = (keys: string): string => `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: tokens, namespace: shop }
spec: { jwtRules: [{ issuer: desk, ${keys}, outputClaimToHeaders: [{ header: x-user, claim: sub }] }] }
`;
const inline = `jwks: '${keySet}'`;

const policy = (rules: string): string => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: users, namespace: shop }
spec:
  rules:
${rules}
`;

describe.skipIf(envoy === undefined).each(['Disabled', 'Permissive'])('tokens with access %s', (access) => {
  let mesh: InteropMesh;
  let envoys: readonly EnvoyProcess[] = [];
  let url = '';
  let keysUri = '';

  beforeAll(async () => {
    const [port = 0, keys = 0] = await freePorts(2);
    mesh = await InteropMesh.start(
      {
        'web.yaml': entry('web', [seller], { port }),
        'keys.yaml': entry('keys', [{ address: '127.0.0.1' }], { port: keys }).replace('INTERNAL', 'EXTERNAL'),
        'tokens.yaml': authentication(inline),
      },
      `  access: { mode: ${access} }\n`,
    );
    await serve(mesh, port, ({ headers }, response) => response.end(`${headers['x-user'] ?? ''}`));
    await serve(mesh, keys, (_, response) => response.end(keySet));
    envoys = [
      await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', seller),
      await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', buyer),
    ];
    // Without certificates the caller's proxy reads nothing of it: the workload is dialled.
    url = `http://${access === 'Disabled' ? seller.address : await mesh.virtualIp('web.shop.mesh')}:${port}`;
    keysUri = `http://keys.shop.mesh:${keys}/`;
  });

  afterAll(async () => mesh?.stop());

  const statusOf = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await ask(`${url}${path}`, headers)).status;

  it('that are valid are taken, and what they say told; others are refused, and none is asked for', async () => {
    await expect.poll(() => statusOf('/')).toBe(200);
    const answer = await ask(url, bearer(token({})));
    expect([answer.status, answer.text]).toEqual([200, 'joe']);
    expect(await statusOf('/', bearer(token({}, other.privateKey)))).toBe(401);
    expect(await statusOf('/', bearer(token({ iss: 'nobody' })))).toBe(401);
    expect(await statusOf('/', bearer(token({ exp: 1 })))).toBe(401);
    expect(await statusOf('/', bearer('rubbish'))).toBe(401);
  });

  it.skipIf(access === 'Disabled')('let requests in where a policy rests on them, and nothing else does', async () => {
    mesh.write(
      'policy.yaml',
      policy(`    - from: [{ source: { requestPrincipals: ["desk/*"] } }]
      to: [{ operation: { paths: ["/orders*"] } }]
    - when: [{ key: "request.auth.claims[groups]", values: [admin] }]`),
    );
    await expect.poll(() => statusOf('/orders')).toBe(403);
    expect(await statusOf('/orders', bearer(token({})))).toBe(200);
    expect(await statusOf('/', bearer(token({})))).toBe(403);
    expect(await statusOf('/', bearer(token({ groups: ['user', 'admin'] })))).toBe(200);
    expect(await statusOf('/', bearer(token({ groups: 'admin' })))).toBe(200);
    expect(await statusOf('/', bearer(token({ groups: ['administrator'] })))).toBe(403);
    expect(await statusOf('/orders', bearer(token({}, other.privateKey)))).toBe(401);
    // Nobody looks at tokens any more: none is there for the policy.
    mesh.remove('tokens.yaml');
    await expect.poll(() => statusOf('/orders', bearer(token({})))).toBe(403);
  });

  // Between proxies, connections that stand keep to the tokens of before until they are drained: it is told by new ones.
  it.runIf(access === 'Disabled')(
    'are valid by keys that the proxy gets from a service, and by no others',
    async () => {
      mesh.write('tokens.yaml', authentication('jwksUri: "https://example.invalid/"'));
      await expect.poll(() => statusOf('/', bearer(token({})))).toBe(401);
      expect(await statusOf('/')).toBe(200);
      mesh.write('tokens.yaml', authentication(`jwksUri: "${keysUri}"`));
      await expect.poll(() => statusOf('/', bearer(token({})))).toBe(200);
      expect(await statusOf('/', bearer(token({}, other.privateKey)))).toBe(401);
    },
  );

  it('have Envoy refuse nothing', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
    expect(envoys.map((one) => one.log()).join('')).not.toContain('rejected');
  });
});
