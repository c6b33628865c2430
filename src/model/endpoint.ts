/** Endpoints, grouped by service, port and locality: the unit that changes together and is sent together. */
import type { ServiceKey } from './service.ts';

export type Health = 'healthy' | 'unhealthy' | 'draining';

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subzone: string;
}

export interface Endpoint {
  /** An IP address, a DNS name (for DNS resolution) or `unix:///path`. */
  readonly address: string;
  readonly port: number;
  /** At least 1. */
  readonly weight: number;
  readonly health: Health;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  /** Where the service is headless: the label below its host by which callers mean this one instance. */
  readonly hostname?: string;
  /** SPIFFE id of the workload, when a service account is written. */
  readonly identity?: string;
  readonly tlsMode: 'disabled' | 'istio';
  /** `namespace/name` of the WorkloadEntry or Pod behind it, when there is one. */
  readonly workload?: string;
}

export interface EndpointGroup {
  /** `<service key>|<port number>|<region/zone/subzone>`. */
  readonly key: string;
  readonly service: ServiceKey;
  readonly port: number;
  readonly locality: Locality;
  /** Sorted by address, then port; no two alike. */
  readonly endpoints: readonly Endpoint[];
}

/** Where nothing is known of the place: of all such endpoints one, since a mesh has hundreds of thousands. */
const nowhere: Locality = Object.freeze({ region: '', zone: '', subzone: '' });

export function localityAt(region: string, zone: string, subzone = ''): Locality {
  return region === '' && zone === '' && subzone === '' ? nowhere : { region, zone, subzone };
}

export function endpointGroupKey(service: ServiceKey, port: number, locality: Locality): string {
  return `${service}|${port}|${locality.region}/${locality.zone}/${locality.subzone}`;
}
