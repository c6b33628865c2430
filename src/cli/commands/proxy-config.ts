/** `isthmus proxy-config`: the resources that the control plane holds for one proxy. */
import { Command, Option } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { type OutputFormat, outputOption, printRows, printValue } from '../output.ts';

const types = ['listener', 'route', 'cluster', 'endpoint', 'all'] as const;

interface ConfiguredResource {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly resource: unknown;
}

interface Flags extends AdminTarget {
  readonly output: OutputFormat;
  readonly name?: string;
}

export function proxyConfigCommand(settle: Settle): Command {
  const command = new Command('proxy-config')
    .description('Show the listeners, routes, clusters or endpoints that one proxy should have.')
    .addHelpText('before', 'Example:\n  isthmus proxy-config route checkout-1 -o yaml\n')
    .argument('<type>', types.join(', '))
    .argument('<proxy>', 'node id')
    .addOption(new Option('--name <name>', 'only the resource of this name'))
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (type: string, proxy: string, flags: Flags) => {
    if (!types.some((known) => known === type)) {
      command.error(`error: unknown type "${type}". Give one of: ${types.join(', ')}.`, { exitCode: ExitCode.usage });
    }
    const path = `/api/v1/proxies/${encodeURIComponent(proxy)}/config?type=${type}`;
    const all = (await adminGet(flags, path)) as readonly ConfiguredResource[];
    const resources = flags.name === undefined ? all : all.filter((resource) => resource.name === flags.name);
    if (flags.output !== 'table') printValue(flags.output, resources);
    else
      printRows('table', resources, [
        { title: 'TYPE', value: (row) => row.type },
        { title: 'NAME', value: (row) => row.name },
        { title: 'VERSION', value: (row) => row.version },
      ]);
    settle(ExitCode.ok);
  });
}
