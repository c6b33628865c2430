/** Whether somebody from outside the mesh gets in to a workload, by the IngressBackend of its port. Pure. */
import { BlockList, isIPv6 } from 'node:net';
import { type Matches, satisfies } from '../../model/access-decision.ts';
import { enforcedPath } from '../../model/access-path.ts';
import type { AccessView, GuardedPort } from '../../model/access-view.ts';
import { formatObject, type ObjectRef, type Place } from '../../model/finding.ts';
import type { PortIngress } from '../../model/ingress.ts';
import type { Outsider, PolicyQuestion } from './policy-question.ts';

export interface IngressVerdict {
  readonly object: ObjectRef;
  readonly place?: Place;
  /** Why it is not let in; absent where it is. */
  readonly obstacle?: string;
}

interface OutsiderVerdict {
  readonly allowed: boolean;
  /** Where no policy is asked. */
  readonly reason?: string;
  readonly ingress?: IngressVerdict;
}

export function outsiderVerdict(
  view: AccessView,
  workloadPort: number,
  question: PolicyQuestion & { readonly outsider: Outsider },
  matches: Matches,
): OutsiderVerdict {
  const ingress = ingressVerdict(view, workloadPort, question, matches);
  if (ingress !== undefined) return { allowed: ingress.obstacle === undefined, ingress };
  const reason = `No IngressBackend is for port ${workloadPort} of the workload, which takes nothing from outside the mesh.`;
  return { allowed: false, reason };
}

function ingressVerdict(
  { service: { ingresses = [] }, places }: AccessView,
  workloadPort: number,
  question: PolicyQuestion & { readonly outsider: Outsider },
  matches: Matches,
): IngressVerdict | undefined {
  const ingress = ingresses.find(({ port }) => port === workloadPort)?.ingress;
  if (ingress === undefined) return undefined;
  const place = places[formatObject(ingress.object)];
  const obstacle = obstacleTo(ingress, question, matches);
  return {
    object: ingress.object,
    ...(place === undefined ? {} : { place }),
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}

/** The parts are asked in the order in which a proxy asks them. */
function obstacleTo(
  { ranges, requests, tls }: PortIngress,
  { outsider, request }: PolicyQuestion & { readonly outsider: Outsider },
  matches: Matches,
): string | undefined {
  const { address, certificate, serverName } = outsider;
  if (ranges !== 'any' && !isWithin(address, ranges)) return `address: it is for ${ranges.join(', ')}`;
  if (tls === undefined && (certificate !== undefined || serverName !== undefined))
    return 'transport: it takes plain text, not TLS';
  if (tls !== undefined) {
    const { sniHosts, principals } = tls;
    if (sniHosts.length > 0 && (serverName === undefined || !sniHosts.includes(serverName)))
      return `server name: it is for ${sniHosts.join(', ')} (--server-name)`;
    if (principals !== undefined && certificate === undefined)
      return 'certificate: it asks for one of the mesh (--certificate)';
    if (principals !== undefined && principals !== 'any' && !principals.includes(certificate ?? ''))
      return `certificate: it is for ${principals.join(', ')}`;
  }
  if (request === undefined || enforcedPath(request.path) === undefined)
    return 'path: a proxy answers such a path with 400, whatever the rules';
  const isMet = requests === 'any' || satisfies(request, requests, matches);
  return isMet ? undefined : 'requests: none of its matches holds';
}

function isWithin(address: string, ranges: readonly string[]): boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', length = ''] = range.split('/');
    list.addSubnet(network, Number(length), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

interface OutsideSource {
  /** In words. */
  readonly caller: string;
  /** The SPIFFE id of workloads that take it in; absent for those without one. */
  readonly identity?: string;
  /** Of the service. */
  readonly ports: readonly number[];
  readonly ingress: PortIngress;
}

/** Who may come from outside to the ports, as `policy who-can-call` lists it. */
export function outsideSources(
  { service: { ingresses = [] } }: AccessView,
  ports: readonly GuardedPort[],
): readonly OutsideSource[] {
  return ingresses.flatMap(({ port: workloadPort, ingress }) => {
    const stands = ({ endpoints }: GuardedPort) => endpoints.filter(({ port }) => port === workloadPort);
    const open = ports.filter((port) => stands(port).length > 0).map(({ number }) => number);
    const identities = new Set(ports.flatMap(stands).map(({ identity }) => identity));
    return [...identities].flatMap((identity) =>
      callersOf(ingress).map((caller) => ({
        caller,
        ...(identity === undefined ? {} : { identity }),
        ports: open,
        ingress,
      })),
    );
  });
}

function callersOf({ ranges, tls }: PortIngress): readonly string[] {
  const { principals } = tls ?? {};
  const shown = principals === 'any' ? 'a certificate of the mesh' : principals?.join(' or ');
  const by = shown === undefined ? '' : ` with ${shown}`;
  return (ranges === 'any' ? ['any address'] : ranges).map((range) => `outside, ${range}${by}`);
}
