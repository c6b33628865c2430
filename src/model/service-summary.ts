/** A mesh service in one line: what lists of services show. */
import type { Provenance, Resolution, ServicePort } from './service.ts';

export interface EndpointCount {
  readonly healthy: number;
  /** Unhealthy and draining ones too. */
  readonly total: number;
}

export interface PortSummary extends Pick<ServicePort, 'number' | 'name' | 'protocol'> {
  /** Absent for other ports than MetaProtocol's, and where the application protocol is not registered: plain TCP then. */
  readonly codec?: string;
  readonly endpoints: EndpointCount;
}

export interface ServiceSummary {
  readonly host: string;
  readonly namespace: string;
  /** IP addresses that callers dial; may be empty. */
  readonly addresses: readonly string[];
  /** In order of number. */
  readonly ports: readonly PortSummary[];
  readonly resolution: Resolution;
  readonly provenance: Provenance;
}
