/** `isthmus describe`: everything the control plane knows of one service, in prose that a person can read. */
import { Command } from 'commander';
import type { Endpoint, EndpointGroup } from '../../model/endpoint.ts';
import type { Finding } from '../../model/finding.ts';
import type { MeshPort, MeshService } from '../../model/mesh-service.ts';
import { visibleText } from '../../model/visible-text.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { formatFinding } from '../findings.ts';
import { type OutputFormat, outputOption, print, printValue } from '../output.ts';
import { describeGlobalLimit, describeLocalLimit, describeRoute } from './describe-rules.ts';

interface Description {
  readonly service: MeshService;
  readonly endpoints: readonly EndpointGroup[];
  readonly findings: readonly Finding[];
  /** Services of the same host in other namespaces. */
  readonly others: readonly string[];
}

export function describeCommand(): Command {
  const command = new Command('describe')
    .description('Explain one service: addresses, ports, protocols, routes, rate limits, endpoints and findings.')
    .addHelpText('before', 'Example:\n  isthmus describe orders.shop.svc.cluster.local\n')
    .argument('<host>', 'a host, or namespace/host')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (host: string, flags: AdminTarget & { readonly output: OutputFormat }) => {
    const description = (await adminGet(flags, `/api/v1/services/${encodeURIComponent(host)}`)) as Description;
    if (flags.output === 'table') print(describe(description));
    else printValue(flags.output, description);
  });
}

function describe({ service, endpoints, findings, others }: Description): string {
  const { service: meta } = service;
  const lines = [
    `Service ${meta.host} in namespace ${meta.namespace}`,
    `  From:        ${meta.provenance.source} ${meta.provenance.object.kind} ${meta.provenance.object.name}`,
    `  Addresses:   ${service.addresses.join(', ') || 'none: callers cannot reach it by an address of its own'}`,
    `  Seen by:     ${meta.visibility.kind === 'public' ? 'every namespace' : meta.visibility.namespaces.join(', ')}`,
    `  Subsets:     ${service.policy.subsets.map((subset) => subset.name).join(', ') || 'none'}`,
    ...service.ports.flatMap((port) => describePort(port, endpoints)),
  ];
  if (others.length > 0) lines.push(`  Declared too:  ${others.join(', ')}: describe one by this name.`);
  const shown = lines.map(visibleText);
  if (findings.length > 0) shown.push('  Findings:', ...findings.map((finding) => `    ${formatFinding(finding)}`));
  return shown.join('\n');
}

function describePort(port: MeshPort, endpoints: readonly EndpointGroup[]): string[] {
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
    ...(groups.length === 0 ? ['    No endpoints: requests are answered with an error.'] : []),
  ];
}

function describeRules({ routes: table }: MeshPort): string[] {
  const { routes = [], localRateLimit, globalRateLimit } = table ?? {};
  return [
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
