/** `isthmus analyze`: all findings of a running control plane. */
import { Command } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { countBySeverity, printFindings } from '../findings.ts';
import { type OutputFormat, outputOption } from '../output.ts';

export function analyzeCommand(settle: Settle): Command {
  const command = new Command('analyze')
    .description('Show every finding of the running control plane. Exits with 79 if there is an error.')
    .addHelpText('before', 'Example:\n  isthmus analyze\n')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (flags: AdminTarget & { readonly output: OutputFormat }) => {
    const findings = (await adminGet(flags, '/api/v1/findings')) as readonly Finding[];
    printFindings(flags.output, findings, `${countBySeverity(findings)}.`);
    settle(findings.some((finding) => finding.severity === 'error') ? ExitCode.findings : ExitCode.ok);
  });
}
