/** `isthmus migrate plan|status|step|rollback`: moves a service to other endpoints, one step at a time. */
import { Command, Option } from 'commander';
import { ExitCode, IsthmusError, messageOf } from '../../model/errors.ts';
import { type MigrationPosition, migrationStages } from '../../model/migration.ts';
import type { MigrationStatus } from '../../model/migration-status.ts';
import { visibleText } from '../../model/visible-text.ts';
import { isHostName } from '../../resources/kubernetes-names.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { type PositionFlags, theOneNamed, wantedPosition } from '../meant-migration.ts';
import { describeMigration, formatMove, formatPosition } from '../migration-text.ts';
import { findMove } from '../moving-host.ts';
import { requireReadable } from '../named-files.ts';
import { formatYaml, type OutputFormat, outputOption, print, printRows, printValue, say } from '../output.ts';
import { timeoutOption } from '../timeout.ts';

interface PlanFlags extends AdminTarget {
  readonly to: string;
  readonly alias?: string;
  readonly namespace?: string;
}

type StatusFlags = AdminTarget & { readonly output: OutputFormat; readonly namespace?: string };

interface StepFlags extends AdminTarget, PositionFlags {
  readonly filename: readonly string[];
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export function migrateCommand(settle: Settle): Command {
  return new Command('migrate')
    .description('Move a service to other endpoints, step by step, under one host and one address.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus migrate plan order-rpc --to orders.shop.svc.cluster.local > manifests/orders-move.yaml\n  isthmus migrate status order-rpc\n  isthmus migrate step order-rpc -f manifests/ --dry-run\n',
    )
    .addHelpText(
      'after',
      `\nStages: ${migrationStages.join(', ')}. What each means: docs/migration.md. A plan is a manifest of kind MigrationPlan.\n`,
    )
    .addCommand(plan())
    .addCommand(status())
    .addCommand(step(settle))
    .addCommand(rollback(settle));
}

function asking(command: Command): Command {
  for (const option of adminOptions()) command.addOption(option);
  return command;
}

const namespaceOption = (): Option => new Option('-n, --namespace <name>', 'namespace of the plan');

function plan(): Command {
  const command = new Command('plan')
    .description('Print a MigrationPlan for a service of the running mesh. Changes nothing.')
    .addHelpText('before', 'Example:\n  isthmus migrate plan order-rpc --to orders.shop.svc.cluster.local\n')
    .argument('<service>', 'a host of the mesh, or the name of a service as its registry has it')
    .requiredOption('--to <host>', 'the host whose endpoints take over')
    .option('--alias <host>', 'a name that stays, and leads to the one or the other')
    .addOption(namespaceOption());
  return asking(command).action(async (service: string, flags: PlanFlags) => {
    const { host, namespace, isTargetKnown } = await findMove(flags, service, flags.to);
    if (flags.alias !== undefined && !isHostName(flags.alias))
      throw new IsthmusError('USAGE', `--alias "${flags.alias}" is no host name.`);
    const name = planName(service);
    print(
      formatYaml({
        apiVersion: 'isthmus.dev/v1alpha1',
        kind: 'MigrationPlan',
        metadata: { name, namespace: flags.namespace ?? namespace },
        spec: {
          host,
          to: { host: flags.to },
          ...(flags.alias === undefined ? {} : { alias: flags.alias }),
          stage: 'Discover',
          steps: [1, 10, 25, 50, 75],
          quiet: '1h',
        },
      }),
    );
    if (!isTargetKnown)
      say(`${flags.to} is no host of the mesh by now: the plan waits at its first stage until it is.`);
    say(`Put it among the manifests, then: isthmus migrate step ${name} -f FILE --dry-run`);
  });
}

/** The last part of what a registry calls a service, the first of a host. */
function planName(service: string): string {
  const [own = service] = (service.split('/').at(-1) ?? service).split('.');
  return own.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
}

const statusColumns = [
  { title: 'NAMESPACE', value: ({ namespace }: MigrationStatus) => namespace },
  { title: 'PLAN', value: ({ name }: MigrationStatus) => name },
  { title: 'HOST', value: ({ host }: MigrationStatus) => host },
  { title: 'STAGE', value: ({ stage, isRetired }: MigrationStatus) => (isRetired ? 'Retired' : stage) },
  { title: 'SHARE', value: ({ share }: MigrationStatus) => `${share} %` },
  {
    title: 'OLD',
    value: ({ ports }: MigrationStatus) => ports.map(({ from }) => `${from.healthy}/${from.endpoints}`).join(' '),
  },
  {
    title: 'NEW',
    value: ({ ports }: MigrationStatus) => ports.map(({ to }) => `${to.healthy}/${to.endpoints}`).join(' '),
  },
  { title: 'ADDRESS', value: ({ addresses }: MigrationStatus) => addresses[0] },
];

function status(): Command {
  const command = new Command('status')
    .description('List all migrations, or tell of one where it stands and what its next step needs.')
    .addHelpText('before', 'Examples:\n  isthmus migrate status\n  isthmus migrate status order-rpc\n')
    .argument('[plan]', 'name of a MigrationPlan')
    .addOption(namespaceOption())
    .addOption(outputOption());
  return asking(command).action(async (name: string | undefined, flags: StatusFlags) => {
    const all = await statuses(flags);
    if (name === undefined) {
      const shown = all.filter(({ namespace }) => flags.namespace === undefined || namespace === flags.namespace);
      printRows(flags.output, shown, statusColumns);
      if (shown.length === 0) say('There is no MigrationPlan. "isthmus migrate plan" prints one for a service.');
      return;
    }
    const one = theOneNamed(all, name, flags.namespace);
    if (flags.output === 'table') print(visible(describeMigration(one, Date.now())));
    else printValue(flags.output, one);
  });
}

function moveCommand(name: string, description: string, example: string): Command {
  const command = new Command(name)
    .description(description)
    .addHelpText('before', `Example:\n  isthmus migrate ${name} ${example}\n`)
    .argument('<plan>', 'name of a MigrationPlan')
    .requiredOption('-f, --filename <path...>', 'the manifests that the control plane reads; the plan is edited there')
    .addOption(namespaceOption())
    .addOption(new Option('--stage <stage>', 'go to this stage instead').choices(migrationStages))
    .option('--share <percent>', 'with stage Shift: percent of requests for the new endpoints', parsePercent)
    .option('--dry-run', 'look, and say what would change; change nothing')
    .option('--force', 'go though what the step needs is not all there')
    .addOption(timeoutOption('how long the control plane may take to follow', 30));
  return asking(command);
}

function parsePercent(text: string): number {
  const percent = Number(text);
  if (Number.isInteger(percent) && percent >= 1 && percent <= 99) return percent;
  throw new IsthmusError('USAGE', `--share "${text}" is no whole percentage from 1 to 99.`);
}

function step(settle: Settle): Command {
  return moveCommand(
    'step',
    'Take the next step: looks whether all is there, edits the plan, and waits until it is in force. Exits with 79 if something is missing.',
    'order-rpc -f manifests/ --dry-run',
  ).action(async (name: string, flags: StepFlags) => settle(await move(name, flags, 'next')));
}

function rollback(settle: Settle): Command {
  return moveCommand(
    'rollback',
    'Go one step back, or to the stage that is named.',
    'order-rpc -f manifests/ --stage Mirror',
  ).action(async (name: string, flags: StepFlags) => settle(await move(name, flags, 'previous')));
}

async function move(name: string, flags: StepFlags, direction: 'next' | 'previous'): Promise<ExitCode> {
  await requireReadable(flags.filename, '-f');
  const now = theOneNamed(await statuses(flags), name, flags.namespace);
  const position = wantedPosition(flags, now, direction);
  if (position === undefined) {
    say(`${now.name} is at stage ${now.stage}: there is no ${direction} one.`);
    return ExitCode.ok;
  }
  const planned = await statusOf(flags, now, position);
  const chosen = planned.move;
  if (chosen === undefined) throw new IsthmusError('INTERNAL', 'the control plane did not describe the step');
  print(visible(`${now.name}: ${formatPosition(now)} -> ${formatPosition(position)}\n${formatMove(chosen)}`));
  const isReady = chosen.checks.every(({ isMet }) => isMet);
  if (!isReady && flags.force !== true) {
    say('Not done: something that the step needs is missing. Mend it, or insist with --force.');
    return ExitCode.findings;
  }
  const { findManifest, replaceFile } = await import('../manifest-files.ts');
  const { editSpec } = await import('../../resources/manifest-edit.ts');
  const object = { kind: 'MigrationPlan', namespace: now.namespace, name: now.name };
  const { file, text, at } = await findManifest(flags.filename, object);
  const what = `stage: ${position.stage}${position.share === undefined ? '' : `, share: ${position.share}`}`;
  const edited = changed(file, what, () => editSpec(text, at, { stage: position.stage, share: position.share }));
  if (flags.dryRun === true) {
    print(`In ${file} it would be ${what}. Nothing was changed.`);
    return ExitCode.ok;
  }
  await replaceFile(file, edited);
  print(`In ${file} it is ${what} now.`);
  return follow(flags, now, position);
}

function changed(file: string, what: string, edit: () => string): string {
  try {
    return edit();
  } catch (error) {
    const message = `${file} was not changed, since ${messageOf(error)}. Set ${what} in its spec by hand.`;
    throw new IsthmusError('BAD_DATA', message, { cause: error });
  }
}

/** Until the control plane has read the plan; then says what is in force. */
async function follow(flags: StepFlags, plan: MigrationStatus, position: MigrationPosition): Promise<ExitCode> {
  const end = Date.now() + flags.timeout;
  for (;;) {
    const now = await statusOf(flags, plan);
    const isThere = now.stage === position.stage && (position.share === undefined || now.share === position.share);
    if (isThere) {
      for (const { port, share } of now.ports)
        print(`In force: ${share} % of the requests at port ${port} of ${now.host} go to ${now.to}.`);
      return ExitCode.ok;
    }
    if (Date.now() > end) {
      say(
        `The control plane has not read it within ${flags.timeout / 1000} s. Does it watch this file? See "isthmus analyze".`,
      );
      return ExitCode.findings;
    }
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

const pollMs = 100;

async function statuses(target: AdminTarget): Promise<readonly MigrationStatus[]> {
  return (await adminGet(target, '/api/v1/migrations')) as readonly MigrationStatus[];
}

async function statusOf(
  target: AdminTarget,
  { namespace, name }: MigrationStatus,
  position?: MigrationPosition,
): Promise<MigrationStatus> {
  const query = new URLSearchParams({
    ...(position === undefined ? {} : { stage: position.stage }),
    ...(position?.share === undefined ? {} : { share: String(position.share) }),
  });
  const path = `/api/v1/migrations/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?${query.toString()}`;
  return (await adminGet(target, path)) as MigrationStatus;
}

function visible(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}
