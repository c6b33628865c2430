/** A mesh service as it is to be registered in a registry, for those who look there and nowhere else. */
import type { Locality } from './endpoint.ts';
import type { ServiceKey } from './service.ts';

export interface Publication {
  /** See publicationKey. */
  readonly key: string;
  /** Name of the ServiceRegistry. */
  readonly registry: string;
  /** Of the registry. */
  readonly namespace: string;
  /** Of the registered service. */
  readonly name: string;
  readonly service: ServiceKey;
  /** Sorted by address, then port; no two alike. */
  readonly instances: readonly PublishedInstance[];
}

export interface PublishedInstance {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  /** Such as grpc. */
  readonly protocol: string;
  /** At least 1. */
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: Locality;
}

export function publicationKey(registry: string, namespace: string, name: string): string {
  return [registry, namespace, name].map(encodeURIComponent).join('/');
}

/** Key of metadata under which an instance bears the name of the mesh that registered it. */
export const publisherKey = 'isthmus.dev/publisher';
