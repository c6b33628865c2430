/** Whom an identity may call, and who may call it, out of the mesh model. */
import { isVisibleTo } from '../../mesh/services/visibility.ts';
import { IsthmusError } from '../../model/errors.ts';
import { parseSpiffeId, spiffeId } from '../../model/identity.ts';
import type { IdentityView } from '../../model/identity-view.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from './admin-views.ts';
import { accessView, placesOf } from './policy-views.ts';

/** `written`: a SPIFFE id, or `namespace/account` of the mesh's own trust domain. Undefined where it is neither. */
export function identityView(pipeline: Pipeline, written: string): IdentityView | undefined {
  const { mesh } = pipeline;
  const [settings] = sortedValues(mesh.settings);
  if (settings === undefined) return undefined;
  const { access, trustDomain } = settings;
  const [namespace = '', serviceAccount = ''] = written.split('/');
  const identity = written.startsWith('spiffe://') ? written : spiffeId({ trustDomain, namespace, serviceAccount });
  const known = parseSpiffeId(identity);
  if (known === undefined) return undefined;
  const policy = mesh.accessPolicies.get(identity);
  const callable = sortedValues(mesh.meshServices).filter(
    (one) => (access === 'Enforced' || one.egress !== undefined) && isCallable(one, identity),
  );
  return {
    access,
    trustDomain,
    identity,
    services: servicesBehindWhich(pipeline, identity),
    rules: policy?.rules ?? [],
    places: placesOf(pipeline, policy?.rules ?? []),
    callable: callable.flatMap(({ service }) => accessView(pipeline, service.key, known.namespace) ?? []),
  };
}

/** For commands that look at manifests. Throws BAD_DATA for what is no identity. */
export function requireIdentityView(pipeline: Pipeline, written: string): IdentityView {
  const view = identityView(pipeline, written);
  if (view !== undefined) return view;
  throw new IsthmusError('BAD_DATA', `"${written}" is no identity: write NAMESPACE/SERVICEACCOUNT or a SPIFFE id.`);
}

/** As the proxy beside the caller is told of it. */
function isCallable({ service, security, splitCallers, egress = [] }: MeshService, identity: string): boolean {
  if (egress.some(({ grants }) => grants.some(({ callers }) => callers.includes(identity)))) return true;
  const callers = security === undefined ? [] : (splitCallers ?? security.callers);
  const namespace = parseSpiffeId(identity)?.namespace ?? '';
  return (callers === 'any' || callers.includes(identity)) && isVisibleTo(service.visibility, namespace);
}

function servicesBehindWhich({ mesh }: Pipeline, identity: string): IdentityView['services'] {
  const groups = sortedValues(mesh.endpointGroups);
  const behind = groups.filter(({ endpoints }) => endpoints.some((endpoint) => endpoint.identity === identity));
  return [...new Set(behind.map(({ service }) => service))].sort();
}
