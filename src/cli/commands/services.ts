/** `isthmus services`: every service as the mesh sees it, of a running control plane or of manifests. */
import { Command } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { PortSummary, ServiceSummary } from '../../model/service-summary.ts';
import type { Actions, Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { sayFindings } from '../findings.ts';
import { type OutputFormat, outputOption, printRows, say } from '../output.ts';

interface Flags extends AdminTarget {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly output: OutputFormat;
}

const columns = [
  { title: 'HOST', value: ({ host }: ServiceSummary) => host },
  { title: 'NAMESPACE', value: ({ namespace }: ServiceSummary) => namespace },
  { title: 'ADDRESSES', value: ({ addresses }: ServiceSummary) => addresses.join(',') || 'none' },
  { title: 'PORTS', value: ({ ports }: ServiceSummary) => ports.map(formatPort).join(',') },
  { title: 'ENDPOINTS', value: formatEndpoints },
  { title: 'SOURCE', value: formatSource },
];

export function servicesCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('services')
    .alias('svc')
    .description(
      'List all services as the mesh sees them: hosts, virtual IPs, ports, endpoints, and where they come from.',
    )
    .addHelpText(
      'before',
      'Examples:\n  isthmus services\n  isthmus services -n shop -o yaml\n  isthmus services -f manifests/\n',
    )
    .option('-n, --namespace <name>', 'only the services of this namespace')
    .option(
      '-f, --filename <path...>',
      'manifest files or folders instead of a control plane; - is standard input. Virtual IPs are those of a control plane that starts with an empty state folder',
    )
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (flags: Flags) => {
    if (flags.filename === undefined)
      return list((await adminGet(flags, '/api/v1/service-summaries')) as Services, flags);
    const mesh = await actions.loadOffline(flags.filename);
    list(mesh.services(), flags);
    const failed = sayFindings(await mesh.findings(), 'What is listed leaves out what is in error.');
    settle(failed ? ExitCode.findings : ExitCode.ok);
  });
}

type Services = readonly ServiceSummary[];

function list(all: Services, { namespace, output }: Flags): void {
  const shown = all.filter((service) => namespace === undefined || service.namespace === namespace);
  printRows(output, shown, columns);
  if (shown.length > 0) return;
  const elsewhere = all.length === 0 ? '' : ` Other namespaces have ${all.length}.`;
  say(`There is no service${namespace === undefined ? '' : ` in namespace "${namespace}"`}.${elsewhere}`);
}

/** `7000/metaprotocol:orders`, `9090/tcp`. */
function formatPort({ number, protocol, codec }: PortSummary): string {
  if (protocol.kind !== 'metaprotocol') return `${number}/${protocol.protocol}`;
  return `${number}/metaprotocol:${protocol.application}${codec === undefined ? ' (not registered)' : ''}`;
}

/** Healthy and all; port by port where they differ, in the order of the ports. */
function formatEndpoints({ ports, resolution, provenance }: ServiceSummary): string {
  // Outside the mesh, and found by its name: there are none to count.
  if (provenance.source === 'egress') return 'by DNS';
  // Callers are sent to the very address that they dialled.
  if (resolution === 'none') return '-';
  const counts = ports.map(({ endpoints: { healthy, total } }) => `${healthy}/${total}`);
  return new Set(counts).size === 1 ? (counts[0] ?? '') : counts.join(',');
}

function formatSource({ provenance: { registry, object } }: ServiceSummary): string {
  return registry === undefined ? `${object.kind}/${object.name}` : `registry/${registry}`;
}
