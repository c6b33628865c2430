/** `isthmus validate`: schemas and cross-references, offline. */
import { Command } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Actions, Settle } from '../actions.ts';
import { countBySeverity, printFindings } from '../findings.ts';
import { type OutputFormat, outputOption } from '../output.ts';

interface Flags {
  readonly filename: readonly string[];
  readonly output: OutputFormat;
}

export function validateCommand(actions: Actions, settle: Settle): Command {
  return new Command('validate')
    .description('Check manifests without starting anything. Exits with 79 if there is an error.')
    .addHelpText('before', 'Examples:\n  isthmus validate -f manifests/\n  cat router.yaml | isthmus validate -f -\n')
    .requiredOption('-f, --filename <path...>', 'manifest files or folders; - is standard input')
    .addOption(outputOption())
    .action(async (flags: Flags) => {
      const mesh = await actions.loadOffline(flags.filename);
      const findings = await mesh.findings();
      const objects = `${mesh.resourceCount} object${mesh.resourceCount === 1 ? '' : 's'}`;
      printFindings(flags.output, findings, `${objects} read: ${countBySeverity(findings)}.`);
      settle(findings.some((finding) => finding.severity === 'error') ? ExitCode.findings : ExitCode.ok);
    });
}
