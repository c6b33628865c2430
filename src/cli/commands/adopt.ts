/** `isthmus adopt`: takes over what Aeraki and the bridges beside it left in a cluster. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type AdoptionStep, adoptableKinds } from '../../model/adoption.ts';
import { ExitCode } from '../../model/errors.ts';
import { formatObject, type ObjectRef } from '../../model/finding.ts';
import type { Actions, AdoptionWish, Settle } from '../actions.ts';
import { type OutputFormat, outputOption, printRows, say } from '../output.ts';
import { requestTimeoutOption } from '../timeout.ts';
import { contextOption, kubeconfigOption, revisionOption } from './cluster.ts';

interface Flags extends Omit<AdoptionWish, 'isDryRun' | 'objects'> {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly output: OutputFormat;
}

const words: Readonly<Record<AdoptionStep['does'], string>> = {
  lease: 'lease its address',
  adopt: 'adopt',
  relax: 'let it fail open',
  done: 'nothing',
  wait: 'wait',
  refuse: 'refuse',
};

const changes: ReadonlySet<AdoptionStep['does']> = new Set(['lease', 'adopt', 'relax']);

export function adoptCommand(actions: Pick<Actions, 'adopt'>, settle: Settle): Command {
  return new Command('adopt')
    .description(
      'Take over what Aeraki and bridges of registries left in a cluster. Says what it would do, unless --yes.',
    )
    .addHelpText(
      'before',
      `Examples:
  isthmus adopt          what would happen
  isthmus adopt --yes    do it; again at any time
  isthmus adopt EnvoyFilter/istio-system/outbound-orders-9090-0a1b2c3d4e --yes
                         hand over what has a name of ours and is not ours (ISTH1701)
`,
    )
    .addArgument(
      new Argument('[object...]', 'KIND/NAMESPACE/NAME of these alone, whoever wrote them')
        .argParser(parseObject)
        .default([], 'all that Aeraki and the bridges left'),
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .addOption(requestTimeoutOption())
    .addOption(revisionOption())
    .addOption(new Option('--dry-run', 'only say what would happen, as without --yes, and end with 0').conflicts('yes'))
    .option(
      '--yes',
      'do it: no address moves. What is adopted goes once the control plane runs: EnvoyFilters, ServiceEntries and VirtualServices in whose place one of ours stands, for each proxy that they are for',
    )
    .addOption(outputOption())
    .action(async (objects: readonly ObjectRef[], { yes, dryRun, output, ...cluster }: Flags) => {
      const steps = await actions.adopt({
        ...cluster,
        isDryRun: yes !== true,
        objects,
      });
      if (steps.length > 0 || output !== 'table')
        printRows(output, steps, [
          { title: 'OBJECT', value: ({ object }) => formatObject(object) },
          { title: yes === true ? 'DONE' : 'WOULD', value: ({ does }) => words[does] },
          { title: 'WHY', value: ({ why }) => why },
        ]);
      if (steps.length === 0) say('Nothing that Aeraki or a bridge of registries left was found.');
      if (steps.some(({ does }) => does === 'refuse')) settle(ExitCode.findings);
      const toDo = steps.filter(({ does }) => changes.has(does)).length;
      if (yes === true || toDo === 0) return;
      say(`Nothing was changed. ${toDo} of ${steps.length} would be: give --yes to do it.`);
      if (dryRun !== true) settle(ExitCode.usage);
    });
}

function parseObject(text: string, previous: readonly ObjectRef[] = []): readonly ObjectRef[] {
  const [written = '', namespace = '', name = '', ...more] = text.split('/');
  const kind = adoptableKinds.find((one) => one.toLowerCase() === written.toLowerCase());
  if (kind === undefined || namespace === '' || name === '' || more.length > 0)
    throw new InvalidArgumentError(`expected KIND/NAMESPACE/NAME, of kind ${adoptableKinds.join(', ')}`);
  return [...previous, { kind, namespace, name }];
}
