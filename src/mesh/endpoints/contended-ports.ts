/**
 * Several services at one port of one address: which of them says what the proxy there listens for.
 *
 *   candidates --> one list for each workload that is named there --> its first, with what the others say of the same workload
 *
 * Anybody may write down any address. So a proxy that shows who it is hears those who name it, those of its own namespace before
 * all others; and what opens or bounds the workload is said in its own namespace alone.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import { equal } from '../../collections/equality.ts';
import { type Finding, finding, formatObject } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { InboundPort } from '../../model/mesh-service.ts';
import { serviceKey } from '../../model/service.ts';
import type { InboundLimits } from '../../model/traffic-limits.ts';
import { type BackendIngress, ingressKey } from '../access/ingress-backends.ts';

export interface Contenders {
  /** Of the workload, as far as it is known. */
  readonly namespace: string | undefined;
  /** Not empty; the first is in force. Then those that demand certificates, then by service key. */
  readonly ports: readonly [InboundPort, ...InboundPort[]];
}

/**
 * The ports in force are keyed by `<address>|<target port>`, and those of a workload with an identity by
 * `<address>|<target port>|<SPIFFE id>`. `namespace`: of the Pod that has the address.
 */
export function workloadPorts(
  candidates: readonly InboundPort[],
  namespace: string | undefined,
): readonly Contenders[] {
  return [...Map.groupBy(candidates, ({ key }) => key).values()].flatMap((atPort) => {
    const named = [...new Set(atPort.map(identityOf))].filter((identity) => identity !== '').sort();
    if (named.length === 0) return contendersOf(atPort, namespace);
    return named.flatMap((identity) => {
      const own = atPort.filter((one) => ['', identity].includes(identityOf(one)));
      const ofWorkload = own.map((one) => ({ ...one, key: `${one.key}|${identity}` }));
      return contendersOf(ofWorkload, parseSpiffeId(identity)?.namespace);
    });
  });
}

function contendersOf(ports: readonly InboundPort[], namespace: string | undefined): readonly Contenders[] {
  const rank = (port: InboundPort): number => 2 * demandOf(port) + Number(port.namespace !== namespace);
  const [first, ...others] = ports.toSorted((a, b) => rank(a) - rank(b));
  return first === undefined ? [] : [{ namespace, ports: [first, ...others] }];
}

function identityOf({ guard }: InboundPort): string {
  return guard?.identity ?? '';
}

/** Nobody opens a workload by writing down its address: who it is, then that it demands certificates, goes before plaintext. */
function demandOf({ guard }: InboundPort): number {
  return guard === undefined ? 2 : Number(guard.identity === '');
}

/** `ingresses`: by service key and target port. */
export function portInForce(
  contenders: Contenders,
  context: Context,
  ingresses: Collection<BackendIngress>,
): InboundPort {
  for (const one of contested(contenders)) context.report(one);
  const limits = limitsAt(contenders, context);
  const winner = withIngress(contenders, context, ingresses);
  return { ...winner, ...(limits === undefined ? {} : { limits }) };
}

/**
 * The first, with what policies keep out by what another one says of the workload: it is one workload, and its labels may be
 * written in one of the objects only.
 */
function strictest({ ports: [first, ...others], namespace }: Contenders): InboundPort {
  const own = others.filter((other) => identityOf(other) !== '' || isOfNamespace(other, namespace));
  const tokens = first.tokens ?? own.find((other) => other.tokens !== undefined)?.tokens;
  const winner = tokens === undefined ? first : { ...first, tokens };
  if (winner.guard === undefined) return winner;
  const { identity, rules } = winner.guard;
  const guards = others.flatMap(({ guard }) => (guard?.identity === identity ? [guard] : []));
  const narrower =
    guards.find(({ isClosed }) => isClosed) ??
    (rules === undefined ? guards.find((guard) => guard.rules !== undefined) : undefined);
  return narrower === undefined ? winner : { ...winner, guard: narrower };
}

/** Of the first, with what one of the services of its namespace takes at the port from outside the mesh. */
function withIngress(contenders: Contenders, context: Context, ingresses: Collection<BackendIngress>): InboundPort {
  const winner = strictest(contenders);
  if (winner.guard === undefined) return winner;
  const ports = contenders.ports.filter((one) => isOfNamespace(one, contenders.namespace));
  const found = ports.flatMap(({ host, namespace, targetPort }) => {
    const ingress = context.get(ingresses, ingressKey(serviceKey(namespace, host), targetPort))?.ingress;
    return ingress === undefined ? [] : [ingress];
  });
  const [ingress, ...others] = found;
  if (ingress === undefined) return winner;
  if (winner.guard.isClosed === true) {
    const message = `A policy closes ${winner.address}:${winner.targetPort}, for callers from outside the mesh as well.`;
    const remedy = 'Mend or remove the AuthorizationPolicy whose findings say that nobody gets in.';
    context.report(finding('ISTH1411', { object: ingress.object, message, remedy }));
    return winner;
  }
  for (const { object } of others.filter((other) => !equal(other, ingress))) {
    const message = `${formatObject(ingress.object)} is in force at ${winner.address}:${winner.targetPort} instead.`;
    context.report(finding('ISTH1412', { object, message }));
  }
  return { ...winner, ingress, calledAs: contenders.ports.map(({ host, port }) => ({ host, port: port.number })) };
}

/**
 * What is bounded for one of the services at a port is bounded there, whichever of them defines the port: it is one
 * workload that is to be spared.
 */
function limitsAt({ ports, namespace }: Contenders, context: Context): InboundLimits | undefined {
  const [{ address, targetPort, namespace: declared }] = ports;
  const own = ports.filter((one) => one.namespace === declared || isOfNamespace(one, namespace));
  const [first, ...others] = own.flatMap(({ limits }) => limits ?? []);
  for (const { origin } of others.filter((other) => first !== undefined && !equal(other, first))) {
    const inForce = first === undefined ? '' : formatObject(first.origin.object);
    const message = `At ${address}:${targetPort}, which serves several services, ${inForce} is in force instead.`;
    context.report(finding('ISTH1343', { ...origin, path: 'spec.rateLimit', message }));
  }
  return first;
}

function contested({ ports: [winner, ...others] }: Contenders): readonly Finding[] {
  return others
    .filter((other) => !equal(duties(winner), duties(other)))
    .map((other) => {
      const by = formatObject(winner.declaredBy);
      const message = `${other.address}:${other.targetPort} serves ${winner.host} port ${winner.port.number} of ${by} as well, which is in force there.`;
      return finding('ISTH0311', { object: other.declaredBy, path: `ports[${other.port.number}]`, message });
    });
}

function duties({ port, codec, localRateLimit, globalRateLimit, guard, tokens }: InboundPort): unknown {
  return [port.protocol, codec, localRateLimit, globalRateLimit, guard, tokens];
}

/** Anybody where it is not known. */
function isOfNamespace({ namespace }: InboundPort, wanted: string | undefined): boolean {
  return wanted === undefined || namespace === wanted;
}
