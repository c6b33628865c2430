/** `isthmus check`: is a cluster ready for a control plane (`--pre`), and is the one that is there as it should be? */
import { Command } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import { visibleText } from '../../model/visible-text.ts';
import type { Actions, Settle } from '../actions.ts';
import type { CheckResult } from '../installation-actions.ts';
import { formatJson, formatYaml, type OutputFormat, outputOption, print } from '../output.ts';
import { palette } from '../palette.ts';
import { type TargetFlags, targetOf, targetOptions } from './installation.ts';

interface Flags extends TargetFlags {
  readonly pre: boolean;
  readonly output: OutputFormat;
}

export function checkCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('check')
    .description('Check whether a cluster is ready for a control plane, or whether the one in it is as it should be.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus check --pre     before installing\n  isthmus check           after it\n',
    )
    .option('--pre', 'check what installing needs', false)
    .addOption(outputOption());
  for (const option of targetOptions()) command.addOption(option);
  return command.action(async (flags: Flags) => {
    const wish = { ...targetOf(flags), revision: flags.revision, isPre: flags.pre, now: Date.now };
    const installation = await actions.installation();
    const results = await installation.checkCluster(wish);
    if (flags.output === 'json') print(formatJson(results));
    else if (flags.output === 'yaml') print(formatYaml(results));
    else print(describe(results));
    if (results.some(({ result }) => result === 'failed')) settle(ExitCode.findings);
  });
}

const marks = {
  passed: palette.green('√'),
  failed: palette.red('×'),
  warning: palette.yellow('‼'),
  skipped: '-',
} as const;

function describe(results: readonly CheckResult[]): string {
  const lines: string[] = [];
  let section = '';
  for (const one of results) {
    if (one.section !== section)
      lines.push(...(section === '' ? [] : ['']), one.section, '-'.repeat(one.section.length));
    section = one.section;
    lines.push(`${marks[one.result]} ${visibleText(one.check)}`);
    if (one.message !== '') lines.push(`    ${visibleText(one.message)}`);
    if (one.hint !== '') lines.push(`    hint: ${visibleText(one.hint)}`);
  }
  const failed = results.filter(({ result }) => result === 'failed').length;
  const warned = results.filter(({ result }) => result === 'warning').length;
  return [
    ...lines,
    '',
    `Status: ${failed === 0 ? marks.passed : marks.failed} ${failed} failed, ${warned} ${warned === 1 ? 'warning' : 'warnings'}`,
  ].join('\n');
}
