/** Hosts outside the mesh that Egress policies name: services, each with a virtual IP, for the namespaces of their callers. */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { EgressPort } from '../../model/egress.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { PlainProtocol, ServicePort } from '../../model/service.ts';
import { about } from '../resource-order.ts';
import type { ServiceDeclaration } from '../services/declarations.ts';
import type { DescribedEgressHost } from './egress-policies.ts';

/** `declared`: by host, what all else declares. A host of somebody else's is his, with the ports that he wrote. */
export function egressDeclarations(
  engine: Engine,
  hosts: Collection<DescribedEgressHost>,
  declared: Index<ServiceDeclaration>,
): Collection<ServiceDeclaration> {
  return engine.map('egress declarations', hosts, ({ key, host, ports, policy }, context) => {
    const [other] = context.lookup(declared, host);
    if (other !== undefined) {
      const message = `${host} is declared by ${formatObject(other.service.provenance.object)}, which says who may reach it.`;
      context.report(finding('ISTH1406', { ...about(policy), path: 'spec.hosts', message }));
      return undefined;
    }
    return {
      key: `${policy.key}|${host}`,
      service: {
        key,
        namespace: key.slice(0, key.indexOf('/')),
        host,
        ports: ports.map(servicePort),
        resolution: 'dns',
        location: 'mesh-external',
        addresses: [],
        headless: false,
        visibility: { kind: 'namespaces', namespaces: namespacesOf(ports) },
        subjectAltNames: [],
        labels: {},
        provenance: { source: 'egress', object: about(policy).object },
      },
      resource: policy,
    };
  });
}

const spoken: Readonly<Record<EgressPort['protocol'], PlainProtocol>> = { http: 'http', https: 'tls', tcp: 'tcp' };

function servicePort({ number, protocol }: EgressPort): ServicePort {
  const name = `${protocol}-${number}`;
  return { number, name, protocol: { kind: 'plain', protocol: spoken[protocol] }, targetPort: number };
}

/** Of all callers, sorted. */
function namespacesOf(ports: readonly EgressPort[]): readonly string[] {
  const callers = ports.flatMap(({ grants }) => grants.flatMap((grant) => grant.callers));
  return [...new Set(callers.flatMap((caller) => parseSpiffeId(caller)?.namespace ?? []))].sort();
}
