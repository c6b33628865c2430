/** The endpoints written inside a ServiceEntry, and what its resolution demands of them. On the hot path of a large mesh. */
import { ipFamily } from '../addresses.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import type { serviceEntrySpec } from '../schemas/service-entry.ts';
import type { WorkloadSpec } from '../types/istio.ts';
import { checkWorkload, checkWorkloadAddress } from '../workload-rules.ts';

type Content = Infer<typeof serviceEntrySpec>;

export function checkServiceEntryEndpoints(spec: Content, problems: Problems): void {
  const { endpoints = [], resolution = 'NONE', ports = [] } = spec;
  checkCombination(spec, endpoints.length, problems);
  const portNames = new Set(ports.map((port) => port.name));
  for (const [index, endpoint] of endpoints.entries()) {
    const path = ['spec', 'endpoints', index];
    if (resolution === 'STATIC') checkStaticAddress(endpoint, path, problems);
    else checkWorkloadAddress(endpoint, path, problems);
    checkWorkload(endpoint, path, problems);
    for (const name in endpoint.ports) {
      if (!portNames.has(name)) {
        problems.add('ISTH0203', [...path, 'ports', name], `The ServiceEntry has no port named ${quote(name)}.`);
      }
    }
  }
}

function checkStaticAddress(endpoint: WorkloadSpec, path: Path, problems: Problems): void {
  const { address = '' } = endpoint;
  if (ipFamily(address) !== 0) return;
  if (address === '' || address.startsWith('unix:')) {
    checkWorkloadAddress(endpoint, path, problems);
    return;
  }
  const message = `${quote(address)} is no IP address, which resolution STATIC asks for.`;
  problems.add('ISTH0202', [...path, 'address'], message, 'Write an IP address, or resolution DNS.');
}

function checkCombination(spec: Content, endpoints: number, problems: Problems): void {
  const { resolution = 'NONE', workloadSelector, hosts } = spec;
  const path = ['spec', 'endpoints'];
  if (endpoints > 0 && workloadSelector !== undefined) {
    problems.add('ISTH0206', path, 'endpoints and workloadSelector exclude each other.');
  }
  if (endpoints > 0 && resolution === 'NONE') {
    problems.add('ISTH0206', path, 'resolution NONE takes no endpoints.', 'Write resolution STATIC or DNS.');
  }
  if (endpoints > 1 && resolution === 'DNS_ROUND_ROBIN') {
    problems.add('ISTH0206', path, 'resolution DNS_ROUND_ROBIN takes one endpoint at most.', 'Write resolution DNS.');
  }
  const isLookedUp = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if (!isLookedUp || endpoints > 0 || workloadSelector !== undefined) return;
  hosts.forEach((host, index) => {
    if (!host.startsWith('*')) return;
    const message = `${quote(host)} cannot be looked up, and there are no endpoints.`;
    problems.add('ISTH0214', ['spec', 'hosts', index], message, 'Add endpoints, or write resolution NONE.');
  });
}
