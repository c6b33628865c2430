/** What a workload may say, be it a WorkloadEntry, a WorkloadGroup's template, or an endpoint inside a ServiceEntry. */
import { ipFamily, isUnixAddress } from './addresses.ts';
import { isDnsSubdomain, isHostName, isMixedCaseLabel } from './kubernetes-names.ts';
import { checkLabels } from './label-rules.ts';
import { type Path, type Problems, quote } from './problem.ts';
import type { WorkloadSpec } from './types/istio.ts';

/** All but the address. */
export function checkWorkload(workload: WorkloadSpec, path: Path, problems: Problems): void {
  const { ports, labels, locality, serviceAccount } = workload;
  if (ports !== undefined) checkPortNames(ports, path, problems);
  if (labels !== undefined) checkLabels(labels, [...path, 'labels'], problems);
  if (locality !== undefined && !isLocality(locality)) {
    problems.add('ISTH0215', [...path, 'locality'], `${quote(locality)} is no locality.`);
  }
  // It becomes part of a SPIFFE id: a slash in it would name another namespace's identity.
  if (serviceAccount !== undefined && serviceAccount !== '' && !isDnsSubdomain(serviceAccount)) {
    problems.add('ISTH0220', [...path, 'serviceAccount'], `${quote(serviceAccount)} is no service account's name.`);
  }
}

/** An IP address, a host name or a Unix socket; empty only where a network says how to get there. */
export function checkWorkloadAddress(workload: WorkloadSpec, path: Path, problems: Problems): void {
  const { address = '', network = '', ports } = workload;
  const at = [...path, 'address'];
  if (address === '') {
    if (network === '') problems.add('ISTH0214', at, 'An address is missing, or else a network.');
  } else if (address.startsWith('unix:')) {
    if (!isUnixAddress(address)) problems.add('ISTH0202', at, `${quote(address)} is no unix:///path.`);
    if (ports !== undefined && hasKeys(ports)) {
      problems.add('ISTH0206', [...path, 'ports'], 'A Unix socket has no ports.', 'Remove ports.');
    }
  } else if (ipFamily(address) === 0 && !isHostName(address)) {
    problems.add('ISTH0202', at, `${quote(address)} is neither an IP address nor a host name.`);
  }
}

function checkPortNames(ports: Readonly<Record<string, number>>, path: Path, problems: Problems): void {
  for (const name in ports) {
    if (!isMixedCaseLabel(name))
      problems.add('ISTH0203', [...path, 'ports', name], `${quote(name)} is no port's name.`);
  }
}

function hasKeys(map: object): boolean {
  return Object.keys(map).length > 0;
}

function isLocality(locality: string): boolean {
  if (locality === '') return true;
  const parts = locality.split('/');
  return parts.length <= 3 && parts.every((part) => part !== '' && !part.includes('*'));
}
