/** A verdict in prose: where a call goes, who decides there, and what each rule says. */
import type { AccessRule } from '../../model/access.ts';
import type { ConditionObstacle, Obstacle } from '../../model/access-decision.ts';
import { enforcedPath } from '../../model/access-path.ts';
import type { AccessView } from '../../model/access-view.ts';
import { visibleText } from '../../model/visible-text.ts';
import { formatCondition, formatIdentity, formatSource } from './policy-callers.ts';
import type { IngressVerdict } from './policy-ingress.ts';
import type { NarrowingVerdict } from './policy-narrowing.ts';
import { formatProtocol, type PolicyQuestion } from './policy-question.ts';
import { type RuleVerdict, serviceAt, type TargetVerdict, type Verdict } from './policy-verdict.ts';

const answers = {
  all: 'allowed',
  some: 'allowed by some of the workloads that it may come to, and denied by others',
  none: 'denied',
} as const;

export function explain(view: AccessView, question: PolicyQuestion, verdict: Verdict): string {
  const { service, trustDomain } = view;
  const { port, source } = question;
  const lines = [
    `${formatIdentity(source, trustDomain)} to ${service.host}:${port.number} (${formatProtocol(port.protocol)})`,
    `  Answer:      ${answers[verdict.answer]}`,
    ...(verdict.reason === undefined ? [] : [`  Because:     ${verdict.reason}`]),
    `  Caller:      ${describeCaller(question)}`,
    ...describeRequest(question),
    `  Dialled:     ${service.addresses.join(', ') || 'the endpoints themselves: the service has no address of its own'}`,
    `  Sent to:     ${describeDestinations(verdict)}`,
    ...describeRetry(verdict),
    ...(port.protocol.kind === 'metaprotocol'
      ? [`  Routes:      a MetaRouter may send it elsewhere: isthmus describe ${service.key}`]
      : []),
    ...verdict.targets.flatMap((target) => describeTarget(view, question, target)),
    ...(view.others.length > 0 ? [`  Declared too:  ${view.others.join(', ')}: ask for one by this name.`] : []),
  ];
  return lines.map(visibleText).join('\n');
}

function describeCaller({ source, outsider }: PolicyQuestion): string {
  if (outsider === undefined) return source;
  const { address, certificate, serverName } = outsider;
  const shown = certificate === undefined ? '' : `, with a certificate of ${certificate}`;
  const asked = serverName === undefined ? '' : `, for server name ${serverName}`;
  return `${address}, from outside the mesh${shown}${asked}`;
}

function describeRequest({ request, properties, port }: PolicyQuestion): readonly string[] {
  if (properties !== undefined)
    return [
      `  Request:     ${Object.entries(properties)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`,
    ];
  if (request === undefined && port.protocol.kind === 'metaprotocol')
    return [
      '  Request:     any that is sent on a connection, as proxies decide that do not read them; of one ask with --property',
    ];
  if (request === undefined) return ['  Request:     none is looked into: it is decided about the connection'];
  const enforced = enforcedPath(request.path);
  const path = enforced ?? 'none: a proxy answers such a path with 400';
  return [
    `  Request:     ${request.method} ${request.path}`,
    ...request.headers.map(({ name, value }) => `               ${name}: ${value}`),
    `  Path:        ${path}${enforced === undefined || enforced === request.path ? '' : ', as it is enforced'}`,
  ];
}

function describeDestinations({ split, destinations }: Verdict): string {
  const sum = destinations.reduce((all, { weight }) => all + weight, 0);
  const shares = destinations.map(
    ({ host, port, weight }) =>
      `${host}:${port}${destinations.length > 1 ? ` ${Math.round((weight / sum) * 1000) / 10} %` : ''}`,
  );
  const by = split === undefined ? '' : `, by ${formatSource(split.object, split.place)}`;
  return `${shares.join(', ') || 'nowhere'}${by}`;
}

function describeRetry({ retry }: Verdict): readonly string[] {
  if (retry === undefined) return [];
  const { conditions, retries } = retry.policy;
  const times = retries === 1 ? 'once' : `${retries} times`;
  return [
    `  Tried again: ${times} after ${conditions.join(', ')}, by ${formatSource(retry.origin.object, retry.origin.place)}`,
  ];
}

function describeTarget(view: AccessView, question: PolicyQuestion, target: TargetVerdict): readonly string[] {
  const { host, identity, isOutside, port, endpoints, allowed, reason, rules, requestPolicies = [], ingress } = target;
  const who =
    isOutside === true
      ? 'Egress policies'
      : identity === undefined
        ? 'workloads without a service account'
        : formatIdentity(identity, view.trustDomain);
  const isElsewhere = serviceAt(view, host) !== view.service;
  return [
    `  ${allowed ? 'Allowed' : 'Denied'} by ${who}${isElsewhere ? ` of ${host}` : ''}, at ${listEndpoints(endpoints)}`,
    ...(reason === undefined ? [] : [`    ${reason}`]),
    ...rules.flatMap((rule) => describeRule(view, { ...question, workloadPort: port }, rule)),
    ...requestPolicies.map((policy) => `    ${describeNarrowing(policy)}`),
    ...(ingress === undefined ? [] : [describeIngress(ingress)]),
  ];
}

function describeIngress({ object, place, obstacle }: IngressVerdict): string {
  const source = formatSource(object, place);
  return obstacle === undefined ? `    let in by ${source}` : `    not by ${source}: ${obstacle}`;
}

const fewEndpoints = 5;

function listEndpoints(endpoints: readonly string[]): string {
  const more = endpoints.length - fewEndpoints;
  return `${endpoints.slice(0, fewEndpoints).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

interface Asked extends PolicyQuestion {
  readonly workloadPort: number;
}

function describeRule(
  view: AccessView,
  asked: Asked,
  { object, place, rule, obstacle }: RuleVerdict,
): readonly string[] {
  const source = formatSource(object, place);
  if (obstacle === undefined) return [`    permitted by ${source}`];
  const [first, ...more] = describeObstacle(view, asked, rule, obstacle);
  return [`    not by ${source}: ${first}`, ...more.map((line) => `      ${line}`)];
}

function describeObstacle(view: AccessView, asked: Asked, rule: AccessRule, obstacle: Obstacle): readonly string[] {
  switch (obstacle.part) {
    case 'source':
      return [`source: it is for ${listSources(rule.sources, view.trustDomain)}`];
    case 'port': {
      const ports = rule.ports === 'any' ? 'any' : rule.ports.join(', ') || 'none';
      return [`port: the workload listens on ${asked.workloadPort}, it is for ${ports}`];
    }
    case 'not HTTP':
      return ['protocol: it is for HTTP requests, which are not looked into here'];
    case 'malformed':
      return ['path: a proxy answers such a path with 400, whatever the rules'];
    case 'requests':
      return describeConditions(asked, rule, obstacle.conditions);
  }
}

const fewSources = 5;

function listSources(sources: AccessRule['sources'], trustDomain: string): string {
  if (sources === 'any') return 'whoever has a certificate of the mesh';
  const more = sources.length - fewSources;
  const names = sources.slice(0, fewSources).map((id) => formatIdentity(id, trustDomain));
  return `${names.join(', ') || 'nobody'}${more > 0 ? ` and ${more} more` : ''}`;
}

function describeConditions(
  asked: Asked,
  { requests }: AccessRule,
  obstacles: readonly ConditionObstacle[],
): readonly string[] {
  const conditions = requests === 'any' ? [] : requests;
  if (conditions.length === 0) return ['requests: its routes have no match that is there, so it permits none'];
  const said = conditions.flatMap((condition, at) => {
    const obstacle = obstacles[at];
    return obstacle === undefined ? [] : `${describeCondition(asked, obstacle)}  [${formatCondition(condition)}]`;
  });
  return said.length === 1 ? said : ['none of its matches holds', ...said];
}

function describeCondition({ request }: Asked, obstacle: ConditionObstacle): string {
  if (obstacle.part === 'method') return `method: ${request?.method ?? ''} is none of its`;
  if (obstacle.part === 'token') return 'token: it asks for one that is valid, which is not told here';
  if (!('name' in obstacle)) return `path: ${enforcedPath(request?.path ?? '') ?? ''} does not match`;
  const { name, regex } = obstacle;
  const sent = (request?.headers ?? [])
    .filter((header) => header.name.toLowerCase() === name)
    .map(({ value }) => value);
  return `header: ${name} ${sent.length === 0 ? 'is not sent' : `is ${sent.join(' and ')}`}, not ${regex}`;
}

function describeNarrowing({ object, place, action, rule }: NarrowingVerdict): string {
  const source = formatSource(object, place);
  if (action === 'deny')
    return rule === undefined ? `not denied by ${source}` : `denied by ${source}: ${rule} is for it`;
  return rule === undefined ? `not allowed by ${source}: none of its rules is for it` : `allowed by ${source}: ${rule}`;
}
