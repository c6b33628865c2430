/** `isthmus writes list|release`: what a control plane keeps in its cluster, and what stands in the way. */
import { Command } from 'commander';
import type { ClusterWriting, KindWriting } from '../../model/cluster-writing.ts';
import { formatObject } from '../../model/finding.ts';
import { visibleText } from '../../model/visible-text.ts';
import { type AdminTarget, adminGet, adminOptions, adminPost } from '../admin-client.ts';
import { type OutputFormat, outputOption, print, printRows, printValue, say } from '../output.ts';

type Flags = AdminTarget & { readonly output: OutputFormat };

export function writesCommand(): Command {
  return new Command('writes')
    .description('Inspect what is written into the cluster, and release deletions that are held.')
    .addHelpText('before', 'Examples:\n  isthmus writes list\n  isthmus writes release ServiceEntry\n')
    .addCommand(list())
    .addCommand(release());
}

const columns = [
  { title: 'KIND', value: ({ kind }: KindWriting) => kind },
  { title: 'STATE', value: ({ state }: KindWriting) => state },
  { title: 'WANTED', value: ({ wanted }: KindWriting) => wanted },
  { title: 'THERE', value: ({ owned }: KindWriting) => owned },
  { title: 'HELD', value: ({ held }: KindWriting) => held?.objects.length ?? 0 },
  {
    title: 'NOT WRITTEN',
    value: ({ troubles, namespaces }: KindWriting) =>
      troubles.length + namespaces.reduce((sum, { waiting }) => sum + waiting, 0),
  },
];

function list(): Command {
  const own = new Command('list').description('List the kinds that are written, and what is not.');
  own.addHelpText('before', 'Example:\n  isthmus writes list\n').addOption(outputOption());
  return asking(own).action(async (flags: Flags) => {
    const status = (await adminGet(flags, '/api/v1/cluster-writes')) as ClusterWriting;
    if (flags.output !== 'table') {
      printValue(flags.output, status);
      return;
    }
    printRows(flags.output, status.kinds, columns);
    for (const line of status.kinds.flatMap(troublesOf)) say(visibleText(line));
    if (!status.isWriter) say('Another replica writes.');
    else if (!status.isComplete)
      say('Nothing is deleted until every kind and every registry is seen: isthmus analyze says which is not.');
  });
}

function troublesOf({ kind, troubles, namespaces, held }: KindWriting): readonly string[] {
  return [
    ...troubles.map(({ object, message }) => `${formatObject(object)}: ${message}`),
    ...namespaces.map(({ namespace, message, waiting }) => `${waiting} ${kind} in ${namespace}: ${message}`),
    ...(held === undefined ? [] : heldLines(kind, held)),
  ];
}

/** What is held, until when, and how it is let go. */
function heldLines(kind: string, { objects, due }: NonNullable<KindWriting['held']>): readonly string[] {
  const until = new Date(due).toISOString();
  return [
    ...objects.map((place) => `${kind} ${place}: its deletion is held.`),
    `${objects.length} deletions of ${kind} are held until ${until}. If they are meant: isthmus writes release ${kind}`,
  ];
}

function release(): Command {
  const own = new Command('release')
    .description('Carry out deletions that are held: of one kind, or of all.')
    .addHelpText('before', 'Examples:\n  isthmus writes release\n  isthmus writes release ServiceEntry\n')
    .argument('[kind]', 'such as ServiceEntry');
  return asking(own).action(async (kind: string | undefined, flags: AdminTarget) => {
    const query = kind === undefined ? '' : `?kind=${encodeURIComponent(kind)}`;
    const path = `/api/v1/cluster-writes/release${query}`;
    const { released } = (await adminPost(flags, path)) as { readonly released: readonly string[] };
    for (const one of released) print(visibleText(one));
    say(released.length === 0 ? 'Nothing is held.' : `${released.length} released.`);
  });
}

function asking(one: Command): Command {
  for (const option of adminOptions()) one.addOption(option);
  return one;
}
