/** Whether one workload may call another, and why: every rule that has a say, and what each says. Pure. */
import type { AccessRule } from '../../model/access.ts';
import { type AccessCall, type Matches, type Obstacle, obstacleTo } from '../../model/access-decision.ts';
import type { AccessView, GuardedEndpoint, GuardedPort, GuardedService } from '../../model/access-view.ts';
import { formatObject, type ObjectRef, type Place } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { CallerRetry } from '../../model/retry.ts';
import type { RuleOrigin } from '../../model/route.ts';
import { isRouted } from '../../model/routed-request.ts';
import { serviceKey } from '../../model/service.ts';
import type { SplitRoute } from '../../model/traffic-split.ts';
import { type IngressVerdict, outsiderVerdict } from './policy-ingress.ts';
import { type NarrowingVerdict, narrowing } from './policy-narrowing.ts';
import type { PolicyQuestion } from './policy-question.ts';

export interface RuleVerdict {
  readonly object: ObjectRef;
  readonly place?: Place;
  readonly rule: AccessRule;
  /** Absent where the rule permits the call. */
  readonly obstacle?: Obstacle;
}

/** What the workloads of one identity at one port say. */
export interface TargetVerdict {
  readonly host: string;
  /** Absent where none is written: nobody trusts such a workload. */
  readonly identity?: string;
  /** Outside the mesh, where Egress policies decide. */
  readonly isOutside?: true;
  /** Of the workload. */
  readonly port: number;
  /** `address:port`. */
  readonly endpoints: readonly string[];
  readonly allowed: boolean;
  /** Where no rule is asked. */
  readonly reason?: string;
  /** In the order of their names; empty where none is asked. */
  readonly rules: readonly RuleVerdict[];
  /** Policies for requests, which narrow what the rules permit; absent where none is for the workload. */
  readonly requestPolicies?: readonly NarrowingVerdict[];
  /** Of a caller outside the mesh. */
  readonly ingress?: IngressVerdict;
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
}

export interface Verdict {
  /** Of the workloads that it may come to. */
  readonly answer: 'all' | 'some' | 'none';
  /** Where the answer does not come of rules. */
  readonly reason?: string;
  /** The split that decides where it goes; absent where it goes to the service itself. */
  readonly split?: RuleOrigin;
  /** When the caller's proxy tries the request again; absent where no policy says so. */
  readonly retry?: CallerRetry;
  /** Empty where it is refused. */
  readonly destinations: readonly Destination[];
  readonly targets: readonly TargetVerdict[];
}

export function verdictOf(view: AccessView, question: PolicyQuestion, matches: Matches): Verdict {
  const { service } = view;
  // From outside the workloads themselves are dialled, past all that callers' proxies do.
  const route = question.outsider === undefined ? routeOf(question, matches) : undefined;
  const retry =
    question.request === undefined ? undefined : service.retries?.find(({ caller }) => caller === question.source);
  const destinations = destinationsOf(service, question.port, route);
  const targets = destinations.flatMap((destination) => targetsAt(view, destination, question, matches));
  const reached = {
    ...(route === undefined ? {} : { split: route.origin }),
    ...(retry === undefined ? {} : { retry }),
    destinations,
    targets,
  };
  const answer = route?.http?.answer;
  if (answer !== undefined)
    return { answer: 'none', reason: `The caller's own proxy answers it with ${answer.status}.`, ...reached };
  const refusal = refusalOf(view, question, destinations, targets);
  if (refusal !== undefined) return { answer: 'none', reason: refusal, ...reached };
  const open = reasonWithoutRules(view);
  if (open !== undefined) return { answer: 'all', reason: open, ...reached };
  return { answer: summary(targets), ...reached };
}

function summary(targets: readonly TargetVerdict[]): Verdict['answer'] {
  const permitted = targets.filter((target) => target.allowed).length;
  if (permitted === 0) return 'none';
  return permitted === targets.length ? 'all' : 'some';
}

/** Why nobody's rules are asked; undefined where they are. */
export function reasonWithoutRules({ access, service }: AccessView): string | undefined {
  if (service.egress !== undefined) return undefined;
  if (service.location === 'mesh-external')
    return `${service.host} is outside of the mesh, where no access policy is enforced.`;
  return access === 'Disabled' ? withoutRules : undefined;
}

export const withoutRules =
  'Access is Disabled (the MeshConfig says so, or nothing): the mesh speaks plaintext, and whoever reaches a workload may call it.';

export const permissive = 'Access is Permissive: every workload with a certificate of the mesh may call every other.';

function refusalOf(
  { access, service }: AccessView,
  { source, outsider }: PolicyQuestion,
  destinations: readonly Destination[],
  targets: readonly TargetVerdict[],
): string | undefined {
  const namespace = parseSpiffeId(source)?.namespace;
  const { visibility } = service;
  if (
    outsider === undefined &&
    visibility.kind === 'namespaces' &&
    (namespace === undefined || !visibility.namespaces.includes(namespace))
  )
    return `${service.host} is not exported to the namespace of the caller: its proxy knows no such host.`;
  if (destinations.length === 0) return 'The split leaves it no backend: it is answered with 503.';
  if (targets.length === 0 && access !== 'Disabled' && service.location !== 'mesh-external')
    return 'No endpoint stands there, so that nobody can permit it.';
  return undefined;
}

function routeOf({ port, request, source }: PolicyQuestion, matches: Matches): SplitRoute | undefined {
  const namespace = parseSpiffeId(source)?.namespace;
  return port.split?.find(
    ({ requests }) => requests === 'any' || (request !== undefined && isRouted(request, namespace, requests, matches)),
  );
}

function destinationsOf(
  service: GuardedService,
  port: GuardedPort,
  route: SplitRoute | undefined,
): readonly Destination[] {
  if (route === undefined) return [{ host: service.host, port: port.number, weight: 1 }];
  return route.destinations.map(({ destination, weight }) => ({ ...destination, weight }));
}

/** The service of a destination: that asked for, or one beside it in its namespace. */
export function serviceAt({ service, backends }: AccessView, host: string): GuardedService | undefined {
  if (host === service.host) return service;
  return backends.find(({ key }) => key === serviceKey(service.namespace, host));
}

function targetsAt(
  view: AccessView,
  { host, port }: Destination,
  question: PolicyQuestion,
  matches: Matches,
): readonly TargetVerdict[] {
  const service = serviceAt(view, host);
  if (service?.egress !== undefined) return [outsideTarget(view, { host, port }, service.egress, question, matches)];
  const found = service?.ports.find(({ number }) => number === port);
  const groups = Map.groupBy(found?.endpoints ?? [], (endpoint) => `${endpoint.identity ?? ''}|${endpoint.port}`);
  return [...groups.values()].flatMap((endpoints) => {
    const [first] = endpoints;
    if (first === undefined) return [];
    const said = found === undefined ? { allowed: false, rules: [] } : judged(view, found, first, question, matches);
    const stands = { port: first.port, endpoints: endpoints.map(addressOf) };
    return [{ host, ...(first.identity === undefined ? {} : { identity: first.identity }), ...stands, ...said }];
  });
}

/** Nobody decides there: the caller's own proxy lets out what the policies say. */
function outsideTarget(
  view: AccessView,
  { host, port }: Pick<Destination, 'host' | 'port'>,
  egress: NonNullable<GuardedService['egress']>,
  { source, request }: PolicyQuestion,
  matches: Matches,
): TargetVerdict {
  const asked = egress.find(({ number }) => number === port)?.rules ?? [];
  const rules = verdictsOf(view, asked, { source, port, ...(request === undefined ? {} : { request }) }, matches);
  const allowed = rules.some(({ obstacle }) => obstacle === undefined);
  return { host, isOutside: true, port, endpoints: [`${host}:${port}`], allowed, rules };
}

function verdictsOf(
  view: AccessView,
  asked: readonly AccessRule[],
  call: AccessCall,
  matches: Matches,
): readonly RuleVerdict[] {
  return asked.map((rule): RuleVerdict => {
    const obstacle = obstacleTo(call, rule, matches);
    const place = view.places[formatObject(rule.object)];
    return {
      object: rule.object,
      ...(place === undefined ? {} : { place }),
      rule,
      ...(obstacle === undefined ? {} : { obstacle }),
    };
  });
}

type Said = Pick<TargetVerdict, 'allowed' | 'reason' | 'rules' | 'requestPolicies' | 'ingress'>;

function judged(
  view: AccessView,
  servicePort: GuardedPort,
  endpoint: GuardedEndpoint,
  question: PolicyQuestion,
  matches: Matches,
): Said {
  const { outsider, source, properties } = question;
  if (reasonWithoutRules(view) !== undefined) return { allowed: true, rules: [] };
  if (outsider !== undefined)
    return { rules: [], ...outsiderVerdict(view, endpoint.port, { ...question, outsider }, matches) };
  const said = ruled(view, endpoint, question, matches);
  if (endpoint.identity === undefined) return said;
  // Where no codec reads requests, they have no properties that a proxy could see.
  const seen = servicePort.codec === undefined ? undefined : properties;
  const call = { source, ...(seen === undefined ? {} : { properties: seen }) };
  const { passes, policies } = narrowing(view, endpoint.identity, servicePort, call);
  if (policies.length === 0) return said;
  return { ...said, allowed: said.allowed && passes, requestPolicies: policies };
}

/** By the rules of access alone. */
function ruled(
  view: AccessView,
  { identity, port }: GuardedEndpoint,
  { source, request }: PolicyQuestion,
  matches: Matches,
): Said {
  if (identity === undefined)
    return {
      allowed: false,
      reason: 'It names no service account, so that no caller trusts it (ISTH1320).',
      rules: [],
    };
  if (view.access === 'Permissive') return { allowed: true, reason: permissive, rules: [] };
  const call: AccessCall = { source, port, ...(request === undefined ? {} : { request }) };
  const policy = view.policies.find(({ key }) => key === identity);
  const rules = verdictsOf(view, policy?.rules ?? [], call, matches);
  const allowed = rules.some(({ obstacle }) => obstacle === undefined);
  if (rules.length > 0) return { allowed, rules };
  return { allowed, reason: 'No TrafficTarget is for it, and what none permits is denied.', rules };
}

function addressOf({ address, port }: GuardedEndpoint): string {
  return address.includes(':') && !address.includes('/') ? `[${address}]:${port}` : `${address}:${port}`;
}
