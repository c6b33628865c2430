/**
 * RequestAuthentications of Istio, as rules for tokens at the workloads that they select. All of those for a workload hold.
 *
 *   jwks                              the keys themselves
 *   jwksUri, http:// of a service     proxies get them from there, as they reach any service
 *   anything else                     no keys, a finding, and no token of the issuer is valid
 *
 * Nothing is fetched here, and it fails closed: a token that nobody can verify is refused.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { TokenRule } from '../../model/token-rules.ts';
import { isUsableKeySet } from '../../resources/key-sets.ts';
import type { RequestAuthentication } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { findService, type HostServices } from '../services/services.ts';
import { settingsOf } from '../settings.ts';
import { type SelectedWorkload, selectedPolicies, type WorkloadPolicy } from './workload-policies.ts';

export interface WorkloadTokens extends WorkloadPolicy {
  readonly tokens: readonly TokenRule[];
}

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly hosts: Collection<HostServices>;
}

type JwtRule = RequestAuthentication['spec']['jwtRules'][number];

/** Istio's, of a rule that does not say it, in milliseconds. */
const KEYS_WITHIN_MS = 5000;

/** By namespace. */
export function requestAuthentications(
  engine: Engine,
  tables: Tables,
  policies: Collection<RequestAuthentication>,
): Index<WorkloadTokens> {
  const all = engine.map('request authentications', policies, (policy, context): WorkloadTokens | undefined => {
    const { targetRefs, selector, jwtRules } = policy.spec;
    if (targetRefs.length > 0) {
      const message = 'It is for no workload of ours: no token is looked at by it.';
      context.report(finding('ISTH0321', { ...about(policy), path: 'spec.targetRefs', message }));
      return undefined;
    }
    const { key } = policy;
    const labels = selector?.matchLabels ?? {};
    const tokens = jwtRules.map((rule, at) => tokenRule(policy, rule, `spec.jwtRules[${at}]`, context, tables));
    return { key, namespace: policy.metadata.namespace, labels, tokens };
  });
  return engine.index('request authentications by namespace', all, ({ namespace }) => [namespace]);
}

/** Undefined where nobody looks at tokens. */
export function tokensFor(
  context: Context,
  index: Index<WorkloadTokens>,
  settings: MeshSettings,
  workload: SelectedWorkload,
): readonly TokenRule[] | undefined {
  const tokens = selectedPolicies(context, index, settings, workload).flatMap((one) => one.tokens);
  return tokens.length === 0 ? undefined : tokens;
}

function tokenRule(
  policy: RequestAuthentication,
  rule: JwtRule,
  path: string,
  context: Context,
  tables: Tables,
): TokenRule {
  const { issuer, audiences, fromHeaders, fromParams, fromCookies, outputPayloadToHeader } = rule;
  return {
    origin: about(policy),
    issuer,
    audiences,
    keys: keysOf(policy, rule, path, context, tables),
    fromHeaders,
    fromParams,
    fromCookies,
    ...(outputPayloadToHeader === undefined ? {} : { payloadHeader: outputPayloadToHeader }),
    claimHeaders: rule.outputClaimToHeaders,
    forwards: rule.forwardOriginalToken,
    spaceDelimitedClaims: rule.spaceDelimitedClaims,
  };
}

function keysOf(
  policy: RequestAuthentication,
  { issuer, jwks, jwksUri, timeout = KEYS_WITHIN_MS }: JwtRule,
  path: string,
  context: Context,
  { settings, hosts }: Tables,
): TokenRule['keys'] {
  const without = (field: string, why: string): TokenRule['keys'] => {
    const message = `${why}: no token of ${JSON.stringify(issuer)} is valid.`;
    context.report(finding('ISTH1353', { ...about(policy), path: `${path}.${field}`, message }));
    return 'none';
  };
  if (jwks !== undefined)
    return isUsableKeySet(jwks)
      ? { set: jwks }
      : without('jwks', 'It is no JSON Web Key Set with a key that proxies can use');
  if (jwksUri === undefined) return without('jwks', 'No keys are written, and nothing is looked up for an issuer');
  const url = URL.canParse(jwksUri) ? new URL(jwksUri) : undefined;
  if (url?.protocol !== 'http:')
    return without('jwksUri', `Proxies of ours get no keys from ${JSON.stringify(jwksUri)}`);
  const { clusterDomain } = settingsOf(context, settings);
  const service = findService(context, hosts, url.hostname, policy.metadata.namespace, clusterDomain);
  if (service === undefined) return without('jwksUri', `There is no service ${url.hostname} in the mesh`);
  const host = service.slice(service.indexOf('/') + 1);
  return { uri: jwksUri, host, port: Number(url.port || 80), timeoutMs: timeout };
}
