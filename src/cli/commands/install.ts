/** `isthmus install`, `upgrade` and `uninstall`: a control plane in a cluster. */
import { Command, Option } from 'commander';
import { load } from 'js-yaml';
import { ExitCode, IsthmusError, messageOf } from '../../model/errors.ts';
import type { Actions, Settle } from '../actions.ts';
import type { InstallOutcome, KeptObject, UninstallOutcome } from '../installation-actions.ts';
import { readNamedStream } from '../named-files.ts';
import { formatYamlDocuments, print, say } from '../output.ts';
import { timeoutOption } from '../timeout.ts';
import { type TargetFlags, targetOf, targetOptions } from './installation.ts';

const maxValuesBytes = 1024 * 1024;

interface InstallFlags extends TargetFlags {
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly setString: readonly string[];
  readonly dryRun: boolean;
  readonly wait: boolean | string;
  readonly timeout: number;
  readonly forceConflicts: boolean;
  readonly resetValues?: boolean;
}

export function installCommand(actions: Actions): Command {
  return installing(
    actions,
    new Command('install')
      .description('Install a control plane in a cluster. To do it again changes nothing.')
      .addHelpText(
        'before',
        `Examples:
  isthmus check --pre
  isthmus install --set replicas=3
  isthmus install --dry-run > isthmus.yaml
  isthmus install --dry-run | kubectl diff -f -    where its namespace and its kinds are there already
`,
      ),
    false,
  );
}

export function upgradeCommand(actions: Actions): Command {
  return installing(
    actions,
    new Command('upgrade')
      .description('Bring what is installed to this version, with the values that it was installed with.')
      .addHelpText('before', 'Example:\n  isthmus upgrade --set logLevel=debug\n')
      .option('--reset-values', 'begin with the values of the chart instead', false),
    true,
  );
}

function installing(actions: Actions, command: Command, isUpgrade: boolean): Command {
  for (const option of targetOptions()) command.addOption(option);
  return command
    .option('-f, --values <file...>', 'files with values of the chart; - is standard input', [])
    .option('--set <name=value...>', 'single values, such as replicas=3,dns.enabled=false', [])
    .option('--set-string <name=value...>', 'single values that are texts, such as image.tag=2', [])
    .option('--dry-run', 'print what would be applied, and ask no cluster', false)
    .addOption(new Option('--wait [bool]', 'wait until it is ready').choices(['true', 'false']).default('true'))
    .addOption(timeoutOption('how long to wait', 300))
    .option(
      '--force-conflicts',
      'take over fields that others wrote, and objects that others made under a name of ours',
      false,
    )
    .action(async (flags: InstallFlags) => {
      const target = targetOf(flags);
      const installation = await actions.installation();
      const values = [
        ...(flags.revision === 'default' ? [] : [{ revision: flags.revision }]),
        ...(await Promise.all(flags.values.map(readValues))),
        ...flags.set.map((text) => installation.parseSetting(text)),
        ...flags.setString.map((text) => installation.parseTextSetting(text)),
      ];
      if (flags.dryRun) {
        print(formatYamlDocuments(installation.renderInstallation({ ...target, values })));
        return;
      }
      const outcome = await installation.install({
        ...target,
        values,
        isUpgrade,
        resetValues: flags.resetValues === true,
        force: flags.forceConflicts,
        wait: flags.wait !== 'false',
        timeoutMs: flags.timeout,
        progress: say,
      });
      print(describeInstall(outcome, target.namespace));
    });
}

async function readValues(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = (await readNamedStream(file, '--values', maxValuesBytes)).toString('utf8');
  try {
    const values: unknown = load(text) ?? {};
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) return { ...values };
  } catch (cause) {
    throw new IsthmusError('BAD_DATA', `--values ${file} is no YAML: ${messageOf(cause)}`, { cause });
  }
  throw new IsthmusError('BAD_DATA', `--values ${file} holds no map of values.`);
}

function describeInstall(outcome: InstallOutcome, namespace: string): string {
  const { created, changed, unchanged, removed, version, before } = outcome;
  const from = before === undefined || before === version ? '' : ` (it was ${before})`;
  const counts = `${created} created, ${changed} changed, ${removed} removed, ${unchanged} unchanged`;
  return `isthmus ${version} is installed in namespace ${namespace}${from}: ${counts}.`;
}

interface UninstallFlags extends TargetFlags {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly crds: boolean;
  readonly timeout: number;
}

export function uninstallCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('uninstall')
    .description(
      'Remove a control plane from a cluster, with all that it wrote. Tombstones of virtual IPs stay, so that a later installation gives each host its address again.',
    )
    .addHelpText('before', 'Example:\n  isthmus uninstall --yes\n');
  for (const option of targetOptions()) command.addOption(option);
  return command
    .option('--yes', 'do it; without it, what would be removed is printed')
    .addOption(new Option('--dry-run', 'only say what would happen, as without --yes, and end with 0').conflicts('yes'))
    .option('--crds', 'remove the definitions of kinds as well, WITH ALL OBJECTS of these kinds', false)
    .addOption(timeoutOption('how long to wait for its Pods to end', 120))
    .action(async (flags: UninstallFlags) => {
      const installation = await actions.installation();
      const outcome = await installation.uninstall({
        ...targetOf(flags),
        revision: flags.revision,
        isConfirmed: flags.yes === true,
        isWithDefinitions: flags.crds,
        timeoutMs: flags.timeout,
        now: Date.now,
        progress: say,
      });
      print(describeUninstall(outcome));
      if (outcome.isDone || !hasWork(outcome)) return;
      say('Nothing was removed. Give --yes to do it.');
      if (flags.dryRun !== true) settle(ExitCode.usage);
    });
}

function hasWork({ installed, written, statuses, removedDefinitions, bound }: UninstallOutcome): boolean {
  return installed.length + written.length + statuses + removedDefinitions.length + bound > 0;
}

function describeUninstall(outcome: UninstallOutcome): string {
  const { isDone, installed, written, statuses, bound, tombstones, kept, removedDefinitions, keptDefinitions } =
    outcome;
  const verb = isDone ? 'Removed' : 'To be removed';
  const left = isDone ? 'Left' : 'Would stay';
  const lines = [
    `${verb}: ${installed.length} objects of the installation, ${written.length} that the control plane wrote, ${removedDefinitions.length} definitions of kinds, and what it wrote into the status of ${statuses} objects.`,
    ...(isDone ? [] : [...installed, ...written, ...removedDefinitions].map((name) => `  ${name}`)),
    `${left}: ${bound + tombstones} virtual IPs as tombstones (kubectl get addressleases).`,
    ...(outcome.keptNamespace === undefined
      ? []
      : [
          `${left}: Namespace ${outcome.keptNamespace}; "kubectl delete namespace ${outcome.keptNamespace}" removes it with all that is in it.`,
        ]),
  ];
  if (kept.length > 0) lines.push(`${left} as they are:`, ...describeKept(kept));
  if (keptDefinitions.length > 0)
    lines.push(
      `Definitions that stay, since there are objects of their kinds: ${keptDefinitions.join(', ')}. --crds removes them, with these objects, and leaves the tombstones.`,
    );
  return lines.join('\n');
}

/** Each reason once, with all that stays for it. */
function describeKept(kept: readonly KeptObject[]): readonly string[] {
  const byReason = Map.groupBy(kept, ({ why }) => why);
  return [...byReason].flatMap(([why, objects]) => [...objects.map(({ name }) => `  ${name}`), `    ${why}`]);
}
