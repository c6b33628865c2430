import { expect, it } from 'vitest';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { RegistryCredentials } from './registry-credentials.ts';
import { SecretFailure, type SecretStore } from './secret-contents.ts';

const secretRef = { namespace: 'shop', name: 'consul' };

function credentials(
  type: 'Consul' | 'ZooKeeper' | 'Etcd',
  contents: Readonly<Record<string, string>>,
  store: SecretStore | undefined = async () => new Map(Object.entries(contents)),
): RegistryCredentials {
  return new RegistryCredentials(testRegistry({ type, credentials: { secretRef } }).spec, store);
}

const user = { username: 'isthmus', password: 'pass' };

it('a Secret gives the token, or the user, that its registry asks for, without the line break of an editor', async () => {
  const all = { token: 'abc\n', ...user };
  expect(await credentials('Consul', all).read()).toEqual({ token: 'abc' });
  expect(await credentials('ZooKeeper', all).read()).toEqual(user);
  expect(await credentials('Etcd', all).read()).toEqual({ token: 'abc' });
  expect(await credentials('Etcd', user).read()).toEqual(user);
});

it.each([
  ['Consul', user, 'the key token'],
  ['Consul', { token: '\n' }, 'the key token'],
  ['ZooKeeper', { token: 'abc' }, 'the keys username and password'],
  ['Etcd', { username: 'isthmus' }, 'the key token, or the keys username and password'],
] as const)('a Secret that has nothing for %s is refused: nobody asks as a stranger', async (type, contents, keys) => {
  const own = credentials(type, contents);
  await expect(own.read()).rejects.toThrow(`Secret shop/consul has no value for ${keys}`);
  expect(own.remedy).toContain(keys);
});

it('what mends it is said for as long as it is amiss, and what was read is shown in no text', async () => {
  let answer: () => ReadonlyMap<string, string> = () => {
    throw new SecretFailure('Secret shop/consul cannot be read', 'Create it.');
  };
  const own = credentials('Consul', {}, async () => answer());
  await expect(own.read()).rejects.toThrow('cannot be read');
  expect(own.remedy).toBe('Create it.');
  answer = () => new Map([['token', 'very-secret']]);
  await own.read();
  expect([own.remedy, own.mask('no such token: very-secret')]).toEqual([undefined, 'no such token: ***']);
});

it('outside of Kubernetes there are no Secrets, and that is said', async () => {
  const own = new RegistryCredentials(testRegistry({ credentials: { secretRef } }).spec, undefined);
  await expect(own.read()).rejects.toThrow(/in Kubernetes; give files instead/);
});
