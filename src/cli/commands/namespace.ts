/** `isthmus namespace add|remove|ignore|list`: which namespaces of a cluster are of the mesh, and where Pods get a proxy. */
import { Command, Option } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Actions, MeshNamespace, NamespaceChange, NamespaceOutcome, Settle } from '../actions.ts';
import { type OutputFormat, outputOption, printRows, say } from '../output.ts';
import { requestTimeoutOption } from '../timeout.ts';
import { contextOption, kubeconfigOption } from './cluster.ts';

interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly requestTimeout: number;
}

interface ChangeFlags extends ClusterFlags {
  readonly revision?: string;
  readonly disableSidecarInjection?: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

const EXAMPLES = `Examples:
  isthmus namespace add shop till            Pods that start there from now on have a proxy
  isthmus namespace add shop --disable-sidecar-injection
  isthmus namespace ignore legacy --yes      nothing of it is heeded, and nobody asks about its objects
  isthmus namespace list
`;

export function namespaceCommand(
  actions: Pick<Actions, 'changeNamespaces' | 'listNamespaces'>,
  settle: Settle,
): Command {
  const command = new Command('namespace')
    .description('Say which namespaces of a cluster are of the mesh.')
    .addHelpText('before', EXAMPLES);
  for (const [name, description] of changes) {
    const change = accessing(new Command(name))
      .description(description)
      .argument('<namespace...>', 'of the cluster')
      .option('--dry-run', 'have the API server check it, and change nothing', false)
      .option('--yes', 'also where a control plane drops what it has of a namespace', false);
    if (name !== 'ignore')
      change.addOption(
        new Option('--revision <name>', 'name of the control plane').env('ISTHMUS_REVISION').default('default'),
      );
    if (name === 'add')
      change.option('--disable-sidecar-injection', 'Pods have a proxy only where they ask for it themselves');
    change.action(async (namespaces: readonly string[], flags: ChangeFlags) => {
      const { revision = 'default', disableSidecarInjection, dryRun, yes, ...cluster } = flags;
      const injects = disableSidecarInjection !== true;
      const wish = { change: name, namespaces, revision, injects, dryRun, isConfirmed: yes || dryRun };
      const outcome = await actions.changeNamespaces(cluster, wish);
      sayOutcome(outcome, dryRun);
      if (name === 'add' && outcome.isDone) say('Pods that run already stay as they are: restart their workloads.');
      settle(outcome.isDone ? ExitCode.ok : ExitCode.usage);
    });
    command.addCommand(change);
  }
  return command.addCommand(listCommand(actions));
}

function sayOutcome({ isDone, steps }: NamespaceOutcome, isDryRun: boolean): void {
  const would = isDryRun || !isDone;
  for (const { name, meaning, loss } of steps) {
    say(`${name}: ${would ? 'would be ' : ''}${meaning}${isDryRun ? ' (dry run)' : ''}`);
    if (loss !== undefined) say(`${name}: ${loss}`);
  }
  if (!isDone) say('Nothing was changed. Give --yes to do it.');
}

const changes: readonly (readonly [NamespaceChange, string])[] = [
  ['add', 'Make namespaces part of the mesh of a control plane.'],
  ['remove', 'Take our labels off namespaces: all is again as without add or ignore; what runs there stays as it is.'],
  ['ignore', 'Have no control plane heed what is in namespaces.'],
];

function listCommand(actions: Pick<Actions, 'listNamespaces'>): Command {
  return accessing(new Command('list'))
    .description('List the namespaces of the cluster, and what their labels mean.')
    .addOption(outputOption())
    .action(async ({ output, ...cluster }: ClusterFlags & { readonly output: OutputFormat }) => {
      printRows<MeshNamespace>(output, await actions.listNamespaces(cluster), [
        { title: 'NAMESPACE', value: ({ name }) => name },
        { title: 'REVISION', value: ({ revision }) => revision ?? '-' },
        { title: 'INJECTION', value: ({ injection }) => injection },
        { title: 'MEANING', value: ({ meaning }) => meaning },
      ]);
    });
}

function accessing(command: Command): Command {
  return command.addOption(kubeconfigOption()).addOption(contextOption()).addOption(requestTimeoutOption());
}
