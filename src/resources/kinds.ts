/**
 * The API kinds as the rest of the product sees them: parsed, defaulted and validated, so that nothing downstream
 * checks again. Field names are those of the published APIs. The types stand in `types/`, a file for each API group.
 */
import type { kindReaders } from './kind-list.ts';
import { objectKey } from './metadata.ts';

export type * from './types/aeraki.ts';
export type * from './types/isthmus.ts';
export type * from './types/istio.ts';
export type * from './types/istio-http-routes.ts';
export type * from './types/istio-security.ts';
export type * from './types/istio-traffic.ts';
export type * from './types/kubernetes.ts';
export type * from './types/osm.ts';
export type * from './types/osm-config.ts';
export type * from './types/redis.ts';
export type * from './types/request-authorization.ts';
export type * from './types/resource.ts';
export type * from './types/service-registry.ts';
export type * from './types/smi.ts';

type Reader = ReturnType<typeof kindReaders>[number];

export type AnyResource = NonNullable<ReturnType<Reader['read']>>;

export type Kind = AnyResource['kind'];

export type ResourceOf<K extends Kind> = Extract<AnyResource, { readonly kind: K }>;

export function resourceKey(kind: Kind, namespace: string, name: string): string {
  return objectKey(kind, namespace, name);
}
