/** `isthmus translate`: the pipeline, offline, to standard output; deterministic bytes. */
import { Command, Option } from 'commander';
import { ExitCode, IsthmusError } from '../../model/errors.ts';
import { knownProxyKinds } from '../../model/proxy.ts';
import type { Actions, OfflineMesh, Settle } from '../actions.ts';
import { countBySeverity, formatFinding, sortFindings } from '../findings.ts';
import { formatJson, formatYaml, formatYamlDocuments, print, say } from '../output.ts';

interface Flags {
  readonly filename: readonly string[];
  readonly to: 'model' | 'xds' | 'istio';
  readonly proxy: string;
  readonly proxyKind: string;
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
    .addOption(new Option('-o, --output <format>', 'yaml or json').choices(['yaml', 'json']).default('yaml'))
    .action(async (flags: Flags) => {
      const mesh = await actions.loadOffline(flags.filename);
      print(format(flags, mesh));
      const findings = await mesh.findings();
      for (const finding of sortFindings(findings)) if (finding.severity !== 'info') say(formatFinding(finding));
      const failed = findings.some((finding) => finding.severity === 'error');
      if (failed) say(`${countBySeverity(findings)}. What is printed leaves out what is in error.`);
      settle(failed ? ExitCode.findings : ExitCode.ok);
    });
}

function format(flags: Flags, mesh: OfflineMesh): string {
  switch (flags.to) {
    case 'istio':
      return flags.output === 'json' ? formatJson(mesh.istio()) : formatYamlDocuments(mesh.istio());
    case 'model':
      return formatOne(flags, mesh.model());
    case 'xds':
      return formatOne(flags, mesh.xds({ id: flags.proxy, kind: flags.proxyKind }));
    default:
      throw new IsthmusError('USAGE', `--to ${String(flags.to)} is none of model, xds, istio.`);
  }
}

function formatOne(flags: Flags, value: unknown): string {
  return flags.output === 'json' ? formatJson(value) : formatYaml(value);
}
