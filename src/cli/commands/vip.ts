/** `isthmus vip list|show`: virtual IP leases. */
import { Command } from 'commander';
import { IsthmusError } from '../../model/errors.ts';
import { catalogue } from '../../model/finding-catalogue.ts';
import type { ShownLease } from '../../model/virtual-ip.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { type OutputFormat, outputOption, printRows, printValue, say } from '../output.ts';

interface Flags extends AdminTarget {
  readonly output: OutputFormat;
}

const columns = [
  { title: 'HOST', value: (lease: ShownLease) => lease.key },
  { title: 'IPV4', value: (lease: ShownLease) => lease.ipv4 },
  { title: 'IPV6', value: (lease: ShownLease) => lease.ipv6 },
  {
    title: 'STATE',
    value: ({ state, outsideRanges }: ShownLease) => (outsideRanges === true ? `${state}, outside the ranges` : state),
  },
  { title: 'SINCE', value: (lease: ShownLease) => new Date(lease.since).toISOString() },
];

export function vipCommand(): Command {
  return new Command('vip')
    .description('Inspect virtual IP leases.')
    .addHelpText('before', 'Example:\n  isthmus vip list\n')
    .addCommand(list())
    .addCommand(show());
}

function list(): Command {
  const command = new Command('list')
    .description('List all leases, bound ones and tombstones.')
    .addHelpText('before', 'Example:\n  isthmus vip list\n')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (flags: Flags) => {
    printRows(flags.output, await leases(flags), columns);
  });
}

function show(): Command {
  const command = new Command('show')
    .description('Show the lease of one host, or of one address.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus vip show orders.shop.svc.cluster.local\n  isthmus vip show 240.241.7.9\n',
    )
    .argument('<host>', 'a host, namespace/host, or an address')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (wanted: string, flags: Flags) => {
    const found = (await leases(flags)).filter(
      (lease) =>
        lease.key === wanted || lease.key.endsWith(`/${wanted}`) || lease.ipv4 === wanted || lease.ipv6 === wanted,
    );
    if (found.length === 0)
      throw new IsthmusError('BAD_DATA', `No lease for "${wanted}". "isthmus vip list" shows all.`);
    if (flags.output === 'table') printRows('table', found, columns);
    else printValue(flags.output, found.length === 1 ? found[0] : found);
    const { title, remedy } = catalogue.ISTH0403;
    if (found.some(({ outsideRanges }) => outsideRanges === true)) say(`ISTH0403: ${title}. ${remedy}`);
  });
}

async function leases(target: AdminTarget): Promise<readonly ShownLease[]> {
  return (await adminGet(target, '/api/v1/virtual-ips')) as readonly ShownLease[];
}
