/** `isthmus translate`: the pipeline, offline, to standard output; deterministic bytes. */
import { Command, Option } from 'commander';
import type { Locality } from '../../model/endpoint.ts';
import { ExitCode, IsthmusError } from '../../model/errors.ts';
import { type Interception, knownProxyKinds } from '../../model/proxy.ts';
import type { Actions, OfflineMesh, Settle } from '../actions.ts';
import { sayFindings } from '../findings.ts';
import { interceptionOption } from '../interception-option.ts';
import { localityOption } from '../locality-option.ts';
import { formatJson, formatYaml, formatYamlDocuments, print, say } from '../output.ts';

interface Flags {
  readonly filename: readonly string[];
  readonly to: 'model' | 'xds' | 'istio';
  readonly proxy: string;
  readonly proxyKind: string;
  readonly serviceAccount: string;
  readonly interception: Interception | 'none';
  readonly locality?: Locality;
  readonly output: 'yaml' | 'json';
}

export function translateCommand(actions: Actions, settle: Settle): Command {
  return new Command('translate')
    .description('Take manifests through the pipeline and print what comes out.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus translate --to model -f manifests/\n  isthmus translate --to xds --proxy-kind metaproxy -f manifests/\n',
    )
    .requiredOption('-f, --filename <path...>', 'manifest files or folders; - is standard input')
    .addOption(new Option('--to <target>', 'what to print').choices(['model', 'xds', 'istio']).makeOptionMandatory())
    .option('--proxy <id>', 'node id to print xDS for', 'sidecar~127.0.0.1~offline.default~cluster.local')
    .addOption(new Option('--proxy-kind <kind>', 'kind of that proxy').choices(knownProxyKinds).default('metaproxy'))
    .option('--service-account <name>', 'of the workload beside that proxy, where the mesh asks for certificates', '')
    .addOption(interceptionOption())
    .addOption(localityOption())
    .addOption(new Option('-o, --output <format>', 'yaml or json').choices(['yaml', 'json']).default('yaml'))
    .action(async (flags: Flags) => {
      const mesh = await actions.loadOffline(flags.filename);
      const value = translated(flags, mesh);
      print(format(flags, value));
      if (isEmpty(value)) say(`Nothing to print: ${whyEmpty(flags, mesh)}`);
      const failed = sayFindings(await mesh.findings(), 'What is printed leaves out what is in error.');
      settle(failed ? ExitCode.findings : ExitCode.ok);
    });
}

function whyEmpty({ to, proxy, proxyKind }: Flags, { resourceCount, serviceCount }: OfflineMesh): string {
  if (resourceCount === 0) return 'no object could be read from what was given.';
  const objects = `${resourceCount} object${resourceCount === 1 ? '' : 's'}`;
  if (serviceCount === 0) return `the ${objects} read declare no service, which everything else is about.`;
  const services = `${serviceCount} service${serviceCount === 1 ? '' : 's'}`;
  if (to === 'istio') return `Istio is told of none of the ${services}.`;
  return `proxy "${proxy}" of kind ${proxyKind} may see none of the ${services}. Look at their exportTo and at the TrafficTargets, or name another proxy by --proxy and --service-account.`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function translated(flags: Flags, mesh: OfflineMesh): unknown {
  switch (flags.to) {
    case 'istio':
      return mesh.istio();
    case 'model':
      return mesh.model();
    case 'xds': {
      const { proxy: id, proxyKind: kind, serviceAccount, interception, locality } = flags;
      const how = interception === 'none' ? {} : { interception };
      return mesh.xds({ id, kind, serviceAccount, ...how, ...(locality === undefined ? {} : { locality }) });
    }
    default:
      throw new IsthmusError('USAGE', `--to ${String(flags.to)} is none of model, xds, istio.`);
  }
}

function format({ output }: Flags, value: unknown): string {
  if (output === 'json') return formatJson(value);
  return Array.isArray(value) ? formatYamlDocuments(value) : formatYaml(value);
}
