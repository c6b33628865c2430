/** `isthmus proxy-config`: the resources that the control plane holds for one proxy. */
import { Command, Option } from 'commander';
import { ExitCode, IsthmusError } from '../../model/errors.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { type OutputFormat, outputOption, printRows, printValue } from '../output.ts';
import { type ConfiguredResource, columnsOf, tables } from './proxy-config-tables.ts';

const types = ['listener', 'route', 'cluster', 'endpoint', 'all'] as const;

interface Flags extends AdminTarget {
  readonly output: OutputFormat;
  readonly name?: string;
  readonly identity?: string;
}

export function proxyConfigCommand(settle: Settle): Command {
  const command = new Command('proxy-config')
    .description('Show the listeners, routes, clusters or endpoints that one proxy should have.')
    .addHelpText('before', 'Example:\n  isthmus proxy-config route checkout-1 -o yaml\n')
    .argument('<type>', types.join(', '))
    .argument('<proxy>', 'node id, or the name of its workload where no other is called so')
    .addOption(new Option('--name <name>', 'only the resource of this name'))
    .addOption(new Option('--identity <spiffe-id>', 'whose, where callers of several identities state this node id'))
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (written: string, proxy: string, flags: Flags) => {
    const type = typeOf(written);
    if (type === undefined)
      return command.error(`error: unknown type "${written}". Give one of: ${types.join(', ')}.`, {
        exitCode: ExitCode.usage,
      });
    const path = `/api/v1/proxies/${encodeURIComponent(proxy)}/config?type=${type}${ofIdentity(flags.identity)}`;
    const all = (await adminGet(flags, path)) as readonly ConfiguredResource[];
    const owners = [...new Set(all.flatMap(({ identity }) => identity ?? []))];
    if (owners.length > 1) throw severalOfThisId(proxy, owners);
    const resources = flags.name === undefined ? all : all.filter((resource) => resource.name === flags.name);
    if (flags.name !== undefined && resources.length === 0) throw noneOfThisName(type, flags.name, proxy);
    const table = tables[type];
    if (flags.output !== 'table') printValue(flags.output, resources);
    else if (table !== undefined)
      printRows(
        'table',
        resources.flatMap((resource) => table.rows(resource)),
        columnsOf(table),
      );
    else
      printRows('table', resources, [
        { title: 'TYPE', value: (row) => row.type },
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
      ]);
    settle(ExitCode.ok);
  });
}

/** As istioctl takes them: `listeners`, and `l` where no other begins so. */
function typeOf(written: string): (typeof types)[number] | undefined {
  const singular = written.toLowerCase().replace(/s$/, '');
  const fitting = types.filter((type) => type.startsWith(singular));
  return singular === '' || fitting.length !== 1 ? undefined : fitting[0];
}

function ofIdentity(identity: string | undefined): string {
  return identity === undefined ? '' : `&identity=${encodeURIComponent(identity)}`;
}

function severalOfThisId(proxy: string, owners: readonly string[]): IsthmusError {
  const message = `Callers of several identities state the node id "${proxy}": say which with --identity: ${owners.join(', ')}.`;
  return new IsthmusError('USAGE', message);
}

function noneOfThisName(type: (typeof types)[number], name: string, proxy: string): IsthmusError {
  const what = type === 'all' ? 'resource' : type;
  const all = `isthmus proxy-config all ${proxy}`;
  return new IsthmusError('BAD_DATA', `${proxy} has no ${what} "${name}". "${all}" shows the names of what it has.`);
}
