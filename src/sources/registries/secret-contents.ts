/** Credentials of a registry that stand in a Secret of Kubernetes. Who fetches it is none of a registry's business. */
import { IsthmusError } from '../../model/errors.ts';
import type { RegistryCredentialsSpec, RegistryType } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';

export type SecretName = NonNullable<RegistryCredentialsSpec['secretRef']>;

/** What a Secret holds at present, by key, decoded. Rejects with UNAVAILABLE, by a SecretFailure where a person has to mend it. */
export type SecretStore = (name: SecretName) => Promise<ReadonlyMap<string, string>>;

/** A Secret that gives no credentials. The message and the remedy hold nothing of what is in it. */
export class SecretFailure extends IsthmusError {
  readonly remedy: string;

  constructor(message: string, remedy: string, options: { readonly cause?: unknown } = {}) {
    super('UNAVAILABLE', message, options);
    this.name = 'SecretFailure';
    this.remedy = remedy;
  }
}

type Credentials = Pick<RegistrySecrets, 'token' | 'username' | 'password'>;

/** What a registry asks for. Who shows it the other would ask as a stranger, whom it may show nothing and call that all. */
const asksFor: Readonly<Record<RegistryType, 'token' | 'user' | 'either'>> = {
  Polaris: 'token',
  Consul: 'token',
  Nacos: 'either',
  Eureka: 'either',
  ZooKeeper: 'user',
  Etcd: 'either',
  Snapshot: 'either',
};

const keysFor = {
  token: 'the key token',
  user: 'the keys username and password',
  either: 'the key token, or the keys username and password',
} as const;

/** The token comes first where either would do. Throws SecretFailure where what the registry asks for is not there, or empty. */
export function credentialsIn(
  { namespace, name }: SecretName,
  contents: ReadonlyMap<string, string>,
  type: RegistryType,
): Credentials {
  const asked = asksFor[type];
  const lineAt = (key: string): string => (contents.get(key) ?? '').replace(/\r?\n$/, '');
  const [token, username, password] = [lineAt('token'), lineAt('username'), lineAt('password')];
  if (token !== '' && asked !== 'user') return { token };
  if (username !== '' && password !== '' && asked !== 'token') return { username, password };
  throw new SecretFailure(
    `Secret ${namespace}/${name} has no value for ${keysFor[asked]}`,
    `Give Secret ${namespace}/${name} ${keysFor[asked]}, which ${type} asks for; it is read again at the next try.`,
  );
}
