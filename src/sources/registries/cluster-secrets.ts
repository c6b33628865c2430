/** Secrets of a cluster that ServiceRegistries name, each got by its name: the right to do so names it, too. */
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { objectPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { secrets } from '../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import type { Clock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { managedByLabel, ownManager } from '../../model/ownership.ts';
import { SecretFailure, type SecretName, type SecretStore } from './secret-contents.ts';

type Contents = ReadonlyMap<string, string>;

/** Several connections that are made at a time ask once. */
const freshMs = 1000;
const answerMs = 5000;

/** Gives what was read last while the API server is away: a registry that is there is not to be lost by that. */
export function clusterSecrets(server: Pick<ApiServer, 'get'>, clock: Clock): SecretStore {
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<Contents> }>();
  const known = new Map<string, Contents>();
  const read = async (key: string, name: SecretName): Promise<Contents> => {
    try {
      const contents = contentsOf(await server.get(objectPath(secrets, name), AbortSignal.timeout(answerMs)), name);
      known.set(key, contents);
      return contents;
    } catch (error) {
      const last = known.get(key);
      if (isAway(error) && last !== undefined) return last;
      known.delete(key);
      throw failureFor(name, error);
    }
  };
  return async (name) => {
    const key = `${name.namespace}/${name.name}`;
    const before = asked.get(key);
    if (before !== undefined && clock.now() - before.at < freshMs) return before.answer;
    const answer = read(key, name);
    asked.set(key, { at: clock.now(), answer });
    return answer;
  };
}

/** Who may write a ServiceRegistry may not thereby send to any address what is ours, or who a service account is. */
function contentsOf(object: unknown, { namespace, name }: SecretName): Contents {
  const isOurs = textOf(fieldOf(fieldOf(object, 'metadata'), 'labels'), managedByLabel) === ownManager;
  if (isOurs || textOf(object, 'type') === 'kubernetes.io/service-account-token')
    throw new SecretFailure(
      `Secret ${namespace}/${name} is ${isOurs ? 'what Isthmus keeps for itself' : 'the token of a service account'}, and shown to no registry`,
      'Write the credentials of the registry into a Secret of their own (type Opaque), and name that in spec.credentials.secretRef.',
    );
  const data = fieldOf(object, 'data');
  const entries = Object.entries(typeof data === 'object' && data !== null ? data : {});
  return new Map(entries.map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')]));
}

function isAway(error: unknown): boolean {
  return error instanceof ApiFailure && (error.fault === 'unreachable' || error.fault === 'busy');
}

function failureFor({ namespace, name }: SecretName, error: unknown): IsthmusError {
  if (error instanceof IsthmusError) return error;
  const why = `Secret ${namespace}/${name} cannot be read: ${messageOf(error)}`;
  if (error instanceof ApiFailure && error.isForbidden) {
    const rule = `{apiGroups: [""], resources: ["secrets"], resourceNames: ["${name}"], verbs: ["get"]}`;
    const remedy = `Add { namespace: ${namespace}, name: ${name} } to the chart's value rbac.secrets; or bind a Role of namespace ${namespace} with the rule ${rule} to this user.`;
    return new SecretFailure(why, remedy, { cause: error });
  }
  if (error instanceof ApiFailure && error.isAbsent) {
    const remedy = `Create Secret ${namespace}/${name}, or correct spec.credentials.secretRef of the ServiceRegistry; it is looked for again at each try.`;
    return new SecretFailure(why, remedy, { cause: error });
  }
  return new IsthmusError('UNAVAILABLE', why, { cause: error });
}
