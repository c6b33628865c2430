/** `isthmus proxy`: metaproxy; and, by its subcommands, what stock proxies in its place need. */
import { Command, Option } from 'commander';
import { IsthmusError } from '../../model/errors.ts';
import { type Actions, DEFAULT_PROXY_ADMIN, type ProxyRunOptions, type Settle } from '../actions.ts';
import { parseLabels, parsePositiveInteger } from '../output.ts';
import { addressOption, healthPortOption } from '../workload-options.ts';
import { logOptions } from './logging.ts';
import { proxyBootstrapCommand } from './proxy-bootstrap.ts';
import { proxyCertificatesCommand } from './proxy-certificates.ts';
import { proxyInterceptCommand } from './proxy-intercept.ts';

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
    .addCommand(proxyInterceptCommand(actions, settle))
    .description('Start metaproxy, the data plane.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus proxy --xds 127.0.0.1:15010 --node checkout-1 --namespace shop\n  isthmus proxy --xds-tls isthmus.corp:15012 --certificates ./certificates --node checkout-1 --address 10.0.0.7\n  isthmus proxy --bootstrap envoy.yaml\n',
    )
    .addOption(new Option('--xds <address>', 'address of the xDS server').env('ISTHMUS_XDS'))
    .addOption(
      new Option('--node <id>', 'node id: free text, or sidecar~<ip>~<name>.<namespace>~<domain>').env('ISTHMUS_NODE'),
    )
    .option('--bootstrap <file>', 'Envoy bootstrap file (YAML or JSON) to start from')
    .addOption(
      new Option('--xds-tls <address>', 'xDS over mutual TLS, with the certificate in --certificates').env(
        'ISTHMUS_XDS_TLS',
      ),
    )
    .option('--certificates <folder>', 'folder of the certificate of this proxy, its key and the roots; kept fresh')
    .option('--token-file <file>', 'bootstrap token: gets the first certificate; see "isthmus token create"')
    .option('--roots <file>', 'roots that verify the control plane for that; see "isthmus token roots"')
    .option('--trust-domain <name>', 'as the MeshConfig has it', 'cluster.local')
    .option('--root-namespace <name>', 'as the MeshConfig has it', 'isthmus-system')
    .option('--namespace <name>', 'namespace of the workload (default: that of its certificate, else "default")')
    .option('--service-account <name>', 'service account of the workload (default: that of its certificate)')
    .addOption(addressOption().default([]))
    .option('--label <name=value>', 'a label of the workload; may be repeated', parseLabels, {})
    .option('--codec <module...>', 'modules that export codecs of your own', [])
    .option('--admin <address>', `admin address (default: that of the bootstrap file, else ${DEFAULT_PROXY_ADMIN})`)
    .option('--admin-token-file <file>', 'token that admin callers must send; needed beyond loopback')
    .addOption(healthPortOption())
    .addOption(new Option('--concurrency <n>', 'worker threads').argParser(parsePositiveInteger).default(1))
    .addOption(
      new Option('--drain-seconds <n>', 'how long requests in flight may take at shutdown')
        .argParser(parsePositiveInteger)
        .default(10),
    );
  for (const option of logOptions()) command.addOption(option);
  return command.action(async (flags: Flags) => {
    const { xds, xdsTls, bootstrap, node } = flags;
    if ([xds, xdsTls, bootstrap].filter((one) => one !== undefined).length !== 1)
      throw new IsthmusError(
        'USAGE',
        'Give one of --xds ADDRESS, --xds-tls ADDRESS (each with --node ID) and --bootstrap FILE.',
      );
    if (bootstrap === undefined && node === undefined)
      throw new IsthmusError(
        'USAGE',
        `${xds === undefined ? '--xds-tls' : '--xds'} needs --node ID, the name under which the control plane knows this proxy.`,
      );
    for (const [flag, value] of Object.entries({ certificates: flags.certificates, 'token-file': flags.tokenFile }))
      if (value !== undefined && xdsTls === undefined) throw new IsthmusError('USAGE', `--${flag} is for --xds-tls.`);
    const { address, label, codec, ...rest } = flags;
    settle(await actions.proxy({ ...rest, addresses: address, labels: label, codecs: codec }));
  });
}
