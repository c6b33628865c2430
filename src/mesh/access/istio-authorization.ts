/**
 * AuthorizationPolicies of Istio, as rules of access to the workloads that they select.
 *
 *   ALLOW          its rules permit, as rules of access do; what no policy of a workload permits is denied there
 *   DENY, CUSTOM   what they would keep out cannot be told from the rest here: nobody gets in to their workloads
 *   AUDIT          keeps nobody out
 *
 * What a rule asks of tokens is asked of those that proxies have verified, which request-authentications.ts is about.
 *
 * It fails closed: a rule with a condition that is not seen permits nothing, and each is reported. None is in force while the
 * access of the mesh is disabled, for then nobody knows who calls.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { AccessRule, ClaimCondition, RequestCondition } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { AuthorizationPolicy } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { claimOf, patternOf, principalClaims } from './token-claims.ts';
import { type SelectedWorkload, selectedPolicies, type WorkloadPolicy } from './workload-policies.ts';

export interface WorkloadAuthorization extends WorkloadPolicy {
  /** Empty: nobody gets in by it. */
  readonly rules: readonly AccessRule[];
  /** Nobody gets in, whatever other policies permit. */
  readonly isClosed: boolean;
}

type Rule = AuthorizationPolicy['spec']['rules'][number];
type Conditions = Rule['from'][number];

/** By namespace. */
export function istioAuthorizations(
  engine: Engine,
  settings: Collection<MeshSettings>,
  policies: Collection<AuthorizationPolicy>,
): Index<WorkloadAuthorization> {
  const all = engine.map('istio authorizations', policies, (policy, context) => {
    if (settingsOf(context, settings).access !== 'Disabled') return authorizationOf(policy, context);
    context.report(
      finding('ISTH0321', {
        ...about(policy),
        message: 'Access is disabled in this mesh: nobody knows who calls.',
        remedy: 'Write spec.access.mode Enforced in a MeshConfig; until then do not rely on it.',
      }),
    );
    return undefined;
  });
  return engine.index('istio authorizations by namespace', all, ({ namespace }) => [namespace]);
}

/** Undefined where no policy is for the workload. Those of the root namespaces, ours and that of Istio, are for all. */
export function authorizedRules(
  context: Context,
  index: Index<WorkloadAuthorization>,
  settings: MeshSettings,
  workload: SelectedWorkload,
): readonly AccessRule[] | 'closed' | undefined {
  const selected = selectedPolicies(context, index, settings, workload);
  if (selected.length === 0) return undefined;
  return selected.some(({ isClosed }) => isClosed) ? 'closed' : selected.flatMap(({ rules }) => rules);
}

function authorizationOf(policy: AuthorizationPolicy, context: Context): WorkloadAuthorization | undefined {
  const { action, rules, selector, targetRefs } = policy.spec;
  const { namespace } = policy.metadata;
  const report = (path: string, message: string): void => {
    context.report(finding('ISTH0322', { ...about(policy), path, message }));
  };
  if (targetRefs.length > 0) {
    context.report(
      finding('ISTH0321', { ...about(policy), path: 'spec.targetRefs', message: 'It is for no workload of ours.' }),
    );
    return undefined;
  }
  if (action === 'AUDIT') {
    context.report(finding('ISTH0321', { ...about(policy), message: 'Proxies of ours report no requests by it.' }));
    return undefined;
  }
  const labels = selector?.matchLabels ?? {};
  const workloads = { key: policy.key, namespace, labels };
  if (action !== 'ALLOW') {
    if (action === 'DENY' && rules.length === 0) return undefined;
    report('spec.action', `What ${action} keeps out is not told from the rest: nobody gets in to its workloads.`);
    return { ...workloads, rules: [], isClosed: true };
  }
  const { object } = about(policy);
  const permitted = rules.flatMap((rule, at) => new RuleReading(object, `spec.rules[${at}]`, report).read(rule));
  return { ...workloads, rules: permitted, isClosed: false };
}

class RuleReading {
  readonly #object: AccessRule['object'];
  readonly #path: string;
  readonly #report: (path: string, message: string) => void;

  constructor(object: AccessRule['object'], path: string, report: (path: string, message: string) => void) {
    this.#object = object;
    this.#path = path;
    this.#report = report;
  }

  read({ from, to, when }: Rule): readonly AccessRule[] {
    const claims = when.map(claimOf);
    const unseen = when.filter((_, at) => claims[at] === undefined).map(({ key }) => key);
    if (unseen.length > 0) {
      this.#unseen(`${this.#path}.when`, unseen);
      return [];
    }
    const operations = to.length === 0 ? [{}] : to;
    const asked = operations.flatMap(
      (operation, at) => this.#operation(operation, `${this.#path}.to[${at}].operation`) ?? [],
    );
    const required = claims.flatMap((one) => one ?? []);
    return this.#callers(from).flatMap(({ sources, tokens }) =>
      asked.map((operation) => ({
        object: this.#object,
        sources,
        ports: operation.ports,
        requests: withClaims(operation.requests, required, tokens),
      })),
    );
  }

  /** Those of whom no token is asked are one; `tokens`: of which one has to be there, none where no token is asked. */
  #callers(from: readonly Conditions[]): readonly {
    readonly sources: AccessRule['sources'];
    readonly tokens: readonly (readonly ClaimCondition[])[];
  }[] {
    const withTokens = from.flatMap(({ requestPrincipals, ...others }, at) => {
      if (requestPrincipals === undefined) return [];
      const sources = this.#source(others, `${this.#path}.from[${at}].source`);
      return [{ sources, tokens: requestPrincipals.map(principalClaims) }];
    });
    const plain = from.filter(({ requestPrincipals }) => requestPrincipals === undefined);
    const sources = from.length > 0 && plain.length === 0 ? [] : this.#sources(from);
    return [{ sources, tokens: [] }, ...withTokens].filter((one) => one.sources === 'any' || one.sources.length > 0);
  }

  #sources(from: readonly Conditions[]): AccessRule['sources'] {
    if (from.length === 0) return 'any';
    const found = from.map((source, at) =>
      source.requestPrincipals === undefined ? this.#source(source, `${this.#path}.from[${at}].source`) : [],
    );
    if (found.includes('any')) return 'any';
    return [...new Set(found.flatMap((ids) => (ids === 'any' ? [] : ids)))].sort();
  }

  #source({ principals, ...others }: Conditions, path: string): AccessRule['sources'] {
    if (Object.keys(others).length > 0) {
      this.#unseen(path, Object.keys(others));
      return [];
    }
    if (principals === undefined) return 'any';
    if (principals.includes('*')) return 'any';
    const exact = principals.filter((one) => !one.includes('*'));
    if (exact.length < principals.length) this.#unseen(`${path}.principals`, ['patterns']);
    return exact.map((one) => `spiffe://${one.replace(/^spiffe:\/\//, '')}`);
  }

  /** Undefined for what permits nothing. */
  #operation(
    { ports, methods, paths, hosts, ...others }: Conditions,
    path: string,
  ): Pick<AccessRule, 'ports' | 'requests'> | undefined {
    const unseen = [
      ...Object.keys(others),
      ...((paths ?? []).some((one) => one.includes('{')) ? ['path templates'] : []),
    ];
    if (unseen.length > 0) {
      this.#unseen(path, unseen);
      return undefined;
    }
    const asksNothing = methods === undefined && paths === undefined && hosts === undefined;
    return {
      ports: ports === undefined ? 'any' : ports.map(Number),
      requests: asksNothing ? 'any' : (paths ?? ['*']).map((one) => conditionOf(one, methods, hosts)),
    };
  }

  #unseen(path: string, parts: readonly string[]): void {
    this.#report(path, `Proxies of ours do not see ${parts.join(', ')}: nothing is permitted by it.`);
  }
}

/** What asks for a token is asked of requests, whatever else is not: of a connection no token is known. */
function withClaims(
  requests: AccessRule['requests'],
  required: readonly ClaimCondition[],
  tokens: readonly (readonly ClaimCondition[])[],
): AccessRule['requests'] {
  if (required.length === 0 && tokens.length === 0) return requests;
  const conditions = requests === 'any' ? [{ pathRegex: '', methods: [], headers: [] }] : requests;
  const each = tokens.length === 0 ? [[]] : tokens;
  return conditions.flatMap((condition) => each.map((claims) => ({ ...condition, claims: [...required, ...claims] })));
}

/** `*` stands for the beginning or the end of a text. */
function conditionOf(
  path: string,
  methods: readonly string[] | undefined,
  hosts: readonly string[] | undefined,
): RequestCondition {
  const named = [
    ...(methods === undefined ? [] : [{ name: ':method', regex: alternatives(methods) }]),
    // A host of a policy means its port as well, and is written in any case.
    ...(hosts === undefined ? [] : [{ name: 'host', regex: `(?i)(?:${alternatives(hosts)})(?::\\d+)?` }]),
  ];
  return { pathRegex: path === '*' ? '' : `${patternOf(path)}$`, methods: [], headers: named };
}

function alternatives(patterns: readonly string[]): string {
  return patterns.map(patternOf).join('|');
}
