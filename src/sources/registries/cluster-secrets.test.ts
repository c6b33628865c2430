import { expect, it } from 'vitest';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { TestClock } from '../../model/test-clock.ts';
import { clusterSecrets } from './cluster-secrets.ts';

const name = { namespace: 'shop', name: 'consul' };
const encoded = (text: string): string => Buffer.from(text).toString('base64');
const secretWith = (token: string, labels = {}, type = 'Opaque') => ({
  metadata: { labels },
  type,
  data: { token: encoded(token) },
});

/** What the API server answers, one after the other; the last one again and again. */
function storeThatIsTold(...answers: readonly [unknown, ...unknown[]]) {
  const left = [...answers];
  const paths: string[] = [];
  const clock = new TestClock();
  const get = async (path: string): Promise<unknown> => {
    paths.push(path);
    const answer = left.length > 1 ? left.shift() : left[0];
    if (answer instanceof ApiFailure) throw answer;
    return answer;
  };
  const store = clusterSecrets({ get }, clock);
  const token = async (): Promise<string | undefined> => {
    clock.advance(1000);
    return (await store(name)).get('token');
  };
  return { store, token, paths };
}

it('asks for the one Secret by its name, once for connections that are made at a time, and gives what it holds decoded', async () => {
  const { store, paths } = storeThatIsTold(secretWith('tökén'));
  const [one, other] = await Promise.all([store(name), store(name)]);
  expect([one.get('token'), other.get('token')]).toEqual(['tökén', 'tökén']);
  expect(paths).toEqual(['/api/v1/namespaces/shop/secrets/consul']);
});

it('gives what a Secret holds now, and while the API server is away what it held last', async () => {
  const { token } = storeThatIsTold(secretWith('a'), secretWith('b'), new ApiFailure('connection refused'));
  expect([await token(), await token(), await token()]).toEqual(['a', 'b', 'b']);
});

it('gives nothing of a Secret that may not be read any more, and names the value of the chart and the rule that are missing', async () => {
  const forbidden = new ApiFailure('secrets "consul" is forbidden', { status: 403 });
  const { token } = storeThatIsTold(secretWith('a'), forbidden, new ApiFailure('connection refused'));
  expect(await token()).toBe('a');
  await expect(token()).rejects.toMatchObject({
    message: 'Secret shop/consul cannot be read: secrets "consul" is forbidden',
    remedy: expect.stringMatching(/\{ namespace: shop, name: consul \}.*rbac\.secrets.*resourceNames: \["consul"\]/),
  });
  await expect(token()).rejects.toThrow(/connection refused/);
});

it('says of a Secret that is not there that it is to be created', async () => {
  const { token } = storeThatIsTold(new ApiFailure('secrets "consul" not found', { status: 404 }));
  await expect(token()).rejects.toMatchObject({ remedy: expect.stringContaining('Create Secret shop/consul') });
});

it.each([
  ['what a control plane keeps', secretWith('x', { 'app.kubernetes.io/managed-by': 'isthmus' })],
  ['the token of a service account', secretWith('x', {}, 'kubernetes.io/service-account-token')],
])('shows %s to no registry, whoever names it', async (_, object) => {
  await expect(storeThatIsTold(object).token()).rejects.toThrow(/shown to no registry/);
});
