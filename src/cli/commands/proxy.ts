/** `isthmus proxy`: metaproxy; and, by its subcommands, what stock proxies in its place need. */
import { Command, Option } from 'commander';
import { IsthmusError } from '../../model/errors.ts';
import { type Actions, DEFAULT_PROXY_ADMIN, type ProxyRunOptions, type Settle } from '../actions.ts';
import { parseLabels, parsePositiveInteger } from '../output.ts';
import { logOptions } from './logging.ts';
import { proxyBootstrapCommand } from './proxy-bootstrap.ts';
import { proxyCertificatesCommand } from './proxy-certificates.ts';

interface Flags extends Omit<ProxyRunOptions, 'addresses' | 'labels' | 'codecs'> {
  readonly address: readonly string[];
  readonly label: Readonly<Record<string, string>>;
  readonly codec: readonly string[];
}

export function proxyCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('proxy')
    // What stands behind a subcommand's name is its own, also where both have an option of the same name.
    .enablePositionalOptions()
    .addCommand(proxyBootstrapCommand(actions))
    .addCommand(proxyCertificatesCommand(actions, settle))
    .description('Start metaproxy, the data plane.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus proxy --xds 127.0.0.1:15010 --node checkout-1 --namespace shop\n  isthmus proxy --bootstrap envoy.yaml\n',
    )
    .addOption(new Option('--xds <address>', 'address of the xDS server').env('ISTHMUS_XDS'))
    .addOption(
      new Option('--node <id>', 'node id: free text, or sidecar~<ip>~<name>.<namespace>~<domain>').env('ISTHMUS_NODE'),
    )
    .option('--bootstrap <file>', 'Envoy bootstrap file (YAML or JSON) to start from')
    .option('--namespace <name>', 'namespace of the workload', 'default')
    .option('--address <ip...>', "the workload's own addresses: inbound listeners stand on them", [])
    .option('--label <name=value>', 'a label of the workload; may be repeated', parseLabels, {})
    .option('--codec <module...>', 'modules that export codecs of your own', [])
    .option('--admin <address>', `admin address (default: that of the bootstrap file, else ${DEFAULT_PROXY_ADMIN})`)
    .option('--admin-token-file <file>', 'token that admin callers must send; needed beyond loopback')
    .addOption(new Option('--concurrency <n>', 'worker threads').argParser(parsePositiveInteger).default(1))
    .addOption(
      new Option('--drain-seconds <n>', 'how long requests in flight may take at shutdown')
        .argParser(parsePositiveInteger)
        .default(10),
    );
  for (const option of logOptions()) command.addOption(option);
  return command.action(async (flags: Flags) => {
    if ((flags.xds === undefined) === (flags.bootstrap === undefined))
      throw new IsthmusError('USAGE', 'Give either --xds ADDRESS (with --node ID) or --bootstrap FILE.');
    if (flags.xds !== undefined && flags.node === undefined)
      throw new IsthmusError(
        'USAGE',
        '--xds needs --node ID, the name under which the control plane knows this proxy.',
      );
    const { address, label, codec, ...rest } = flags;
    settle(await actions.proxy({ ...rest, addresses: address, labels: label, codecs: codec }));
  });
}
