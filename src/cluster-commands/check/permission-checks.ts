/** Who may do what: the person who installs, before; the service account of the control plane, after. */

import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { ownName } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { readObject } from '../cluster-objects.ts';
import { renderInstallation } from '../install/install.ts';
import { readInventory } from '../install/inventory.ts';
import { nameOf, objectIn, pathOf } from '../manifest-kinds.ts';
import { type Check, type CheckedCluster, failed, passed } from './checking.ts';

interface Right {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly name?: string;
}

export function installerChecks({ server, release, namespace }: CheckedCluster): readonly Check[] {
  const manifests = renderInstallation({ release, namespace, values: [] });
  const kinds = new Map(manifests.map((manifest) => [String(manifest.kind), manifest]));
  return [...kinds].map(([kind, manifest]) => ({
    section: 'permissions to install',
    check: `you may create and change a ${kind}`,
    ask: async () => {
      const path = pathOf(objectIn(manifest)).split('?')[0]?.split('/') ?? [];
      const { metadata } = manifest;
      const inside = isMap(metadata) && typeof metadata.namespace === 'string' ? { namespace } : {};
      const right = { group: path[1] === 'api' ? '' : (path[2] ?? ''), resource: path.at(-2) ?? '', ...inside };
      const missing = await missingOf(
        server,
        ['create', 'patch', 'get'].map((verb) => ({ ...right, verb })),
        undefined,
      );
      if (missing.length === 0) return passed();
      return failed(`You may not: ${grouped(missing)}.`, 'Install as somebody who may, such as cluster-admin.');
    },
  }));
}

/** What the chart's roles grant has to be granted, whoever wrote the roles that are there. */
export function grantedChecks({ server, release, namespace, revision }: CheckedCluster): readonly Check[] {
  const account = ownName(revision);
  return [
    {
      section: 'rights of the control plane',
      check: `service account ${namespace}/${account} may do what it needs`,
      ask: async () => {
        const { values = {} } = (await readInventory(server, release, namespace)) ?? {};
        const manifests = renderInstallation({ release, namespace, values: [{ revision }, values] });
        const user = `system:serviceaccount:${namespace}:${account}`;
        const absent = await absentRoles(server, manifests);
        if (absent.length > 0)
          return failed(
            `These are not there, which grant it what it needs: ${absent.join(', ')}.`,
            'Run "isthmus install", or "isthmus upgrade" or "helm upgrade" where it is installed.',
          );
        const missing = await missingOf(server, manifests.flatMap(rightsIn), user);
        if (missing.length === 0) return passed();
        return failed(
          `It may not: ${grouped(missing)}.`,
          'Run "isthmus upgrade" or "helm upgrade", or add these rules to its ClusterRole.',
        );
      },
    },
  ];
}

/** Names of the roles that are to be there and are not. */
async function absentRoles(server: ApiServer, manifests: readonly PlainMap[]): Promise<readonly string[]> {
  const roles = manifests.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role').map(objectIn);
  const found = await Promise.all(roles.map(async (role) => readObject(server, pathOf(role))));
  return roles.filter((_, index) => found[index] === undefined).map(nameOf);
}

const shown = 10;

/** As rules have them: verbs of one resource together, each once. */
function grouped(rights: readonly Right[]): string {
  const verbs = new Map<string, Set<string>>();
  for (const right of rights) {
    const what = textOf({ ...right, verb: '' }).trim();
    verbs.set(what, (verbs.get(what) ?? new Set()).add(right.verb));
  }
  const texts = [...verbs].map(([what, some]) => `${[...some].join(', ')} ${what}`);
  const rest = texts.length > shown ? `; and verbs of ${texts.length - shown} more resources` : '';
  return `${texts.slice(0, shown).join('; ')}${rest}`;
}

function rightsIn({ kind, metadata, rules }: PlainMap): readonly Right[] {
  if ((kind !== 'ClusterRole' && kind !== 'Role') || !Array.isArray(rules)) return [];
  const namespace = isMap(metadata) && typeof metadata.namespace === 'string' ? { namespace: metadata.namespace } : {};
  return rules.filter(isMap).flatMap(({ apiGroups, resources, verbs, resourceNames }) => {
    const [name] = texts(resourceNames);
    return texts(apiGroups).flatMap((group) =>
      texts(resources).flatMap((written) => {
        const [resource = '', subresource] = written.split('/');
        const part = subresource === undefined ? {} : { subresource };
        const named = name === undefined ? {} : { name };
        return texts(verbs).map((verb) => ({ group, resource, verb, ...part, ...namespace, ...named }));
      }),
    );
  });
}

const atOnce = 8;

/** In the order given. `user`: absent for whoever asks. */
async function missingOf(
  server: ApiServer,
  rights: readonly Right[],
  user: string | undefined,
): Promise<readonly Right[]> {
  const missing: Right[] = [];
  for (let at = 0; at < rights.length; at += atOnce) {
    const some = rights.slice(at, at + atOnce);
    const allowed = await Promise.all(some.map(async (right) => isAllowed(server, right, user)));
    missing.push(...some.filter((_, index) => allowed[index] === false));
  }
  return missing;
}

async function isAllowed(server: ApiServer, right: Right, user: string | undefined): Promise<boolean> {
  const kind = user === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const groups = ['system:serviceaccounts', 'system:authenticated'];
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind,
    spec: { resourceAttributes: right, ...(user === undefined ? {} : { user, groups }) },
  };
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  const answer = await server.send({ method: 'POST', path, body });
  return isMap(answer) && isMap(answer.status) && answer.status.allowed === true;
}

function textOf({ group, resource, subresource, verb, namespace, name }: Right): string {
  const what = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
