/** `isthmus describe`: everything the control plane knows of one service, in prose that a person can read. */
import { Command } from 'commander';
import type { Endpoint } from '../../model/endpoint.ts';
import type { MeshPort } from '../../model/mesh-service.ts';
import type { ServiceDescription } from '../../model/service-description.ts';
import { visibleText } from '../../model/visible-text.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { formatFinding } from '../findings.ts';
import { type OutputFormat, outputOption, print, printValue } from '../output.ts';
import { describePolicies, describeSplit } from './describe-policies.ts';
import { describeGlobalLimit, describeLocalLimit, describeRoute } from './describe-rules.ts';
import { formatSource } from './policy-callers.ts';

export function describeCommand(): Command {
  const command = new Command('describe')
    .description(
      'Explain one service: addresses, ports, protocols, routes, splits, limits, retries, ingress and egress with the objects that say so, endpoints and findings.',
    )
    .addHelpText('before', 'Example:\n  isthmus describe orders.shop.svc.cluster.local\n')
    .argument('<host>', 'a host, or namespace/host')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (host: string, flags: AdminTarget & { readonly output: OutputFormat }) => {
    const description = (await adminGet(flags, `/api/v1/services/${encodeURIComponent(host)}`)) as ServiceDescription;
    if (flags.output === 'table') print(describeInFull(description));
    else printValue(flags.output, description);
  });
}

export function describeInFull(description: ServiceDescription): string {
  const { service, findings, others } = description;
  const { service: meta } = service;
  const lines = [
    `Service ${meta.host} in namespace ${meta.namespace}`,
    `  From:        ${meta.provenance.source} ${meta.provenance.object.kind} ${meta.provenance.object.name}`,
    `  Addresses:   ${service.addresses.join(', ') || 'none: callers cannot reach it by an address of its own'}`,
    `  Seen by:     ${meta.visibility.kind === 'public' ? 'every namespace' : meta.visibility.namespaces.join(', ')}`,
    `  Subsets:     ${service.policy.subsets.map((subset) => subset.name).join(', ') || 'none'}`,
    ...service.ports.flatMap((port) => describePort(port, description)),
    ...describePolicies(description).map((line) => `  ${line}`),
  ];
  if (others.length > 0) lines.push(`  Declared too:  ${others.join(', ')}: describe one by this name.`);
  const shown = lines.map(visibleText);
  if (findings.length > 0) shown.push('  Findings:', ...findings.map((finding) => `    ${formatFinding(finding)}`));
  return shown.join('\n');
}

function describePort(port: MeshPort, { service, endpoints }: ServiceDescription): string[] {
  const groups = endpoints.filter((group) => group.port === port.port.number);
  const codec = port.codec === undefined ? '' : `, codec ${port.codec.protocol.codec}`;
  return [
    `  Port ${port.port.number} (${port.port.name}): ${describeProtocol(port)}${codec}`,
    ...describeRules(port).map((line) => `    ${line}`),
    ...groups.flatMap((group) =>
      group.endpoints.map(
        (endpoint) =>
          `    Endpoint ${endpoint.address}:${endpoint.port} ${endpoint.health}, weight ${endpoint.weight}${formatAccount(endpoint)}${formatLabels(endpoint.labels)}`,
      ),
    ),
    ...(groups.length === 0 ? [`    ${withoutEndpoints(service)}`] : []),
  ];
}

function withoutEndpoints({ egress }: ServiceDescription['service']): string {
  return egress === undefined
    ? 'No endpoints: requests are answered with an error.'
    : 'No endpoints of its own: it is outside the mesh, and found by its name in DNS.';
}

function describeRules({ routes: table, split = [] }: MeshPort): string[] {
  const { routes = [], localRateLimit, globalRateLimit, origin } = table ?? {};
  return [
    ...(origin === undefined ? [] : [`Routes by ${formatSource(origin.object, origin.place)}`]),
    ...split.map(describeSplit),
    ...routes.flatMap((route, at) => describeRoute(route, at + 1)),
    ...(localRateLimit === undefined ? [] : describeLocalLimit(localRateLimit)),
    ...(globalRateLimit === undefined ? [] : [describeGlobalLimit(globalRateLimit)]),
  ];
}

function describeProtocol(port: MeshPort): string {
  const { protocol } = port.port;
  if (protocol.kind === 'metaprotocol') return `MetaProtocol ${protocol.application}`;
  return protocol.protocol;
}

function formatAccount({ identity }: Endpoint): string {
  return identity === undefined ? '' : `, ${identity}`;
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const entries = Object.entries(labels);
  return entries.length === 0 ? '' : `, ${entries.map(([key, value]) => `${key}=${value}`).join(' ')}`;
}
