/** The endpoints that one object gives to the services that it names. */
import type { FindingDetails } from '../../model/finding.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LocatedEndpoint } from './workloads.ts';

export interface EndpointSource {
  /** Begins with 0 for Kubernetes, 1 for what is written by hand, 2 for registries: sorting gives the precedence. */
  readonly key: string;
  readonly services: readonly ServiceKey[];
  readonly ports: readonly SourcePort[];
  /** Name of the ServiceRegistry that it comes from. */
  readonly registry?: string;
  readonly about: Pick<FindingDetails, 'object' | 'place'>;
}

export interface SourcePort {
  /** The number of the service port, or its name where a number is not known. */
  readonly port: number | string;
  readonly endpoints: readonly LocatedEndpoint[];
}
