/** `isthmus run`: the control plane. */
import { Command, Option } from 'commander';
import type { Actions, RunOptions, Settle } from '../actions.ts';
import { parseSeconds } from '../output.ts';
import { type ClusterFlags, clusterOptions, clusterWish } from './cluster.ts';
import { dnsOptions } from './dns.ts';
import { type IstioXdsFlags, istioXdsOptions, istioXdsWish } from './istio-xds.ts';
import { logOptions } from './logging.ts';

interface Flags extends Omit<RunOptions, 'files' | 'stateFolder' | 'cluster' | 'istio'>, ClusterFlags, IstioXdsFlags {
  readonly filename?: readonly string[];
  readonly state: string;
}

export function runCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('run')
    .description('Start the control plane.')
    .addHelpText('before', 'Examples:\n  isthmus run -f manifests/ --state ./state\n  isthmus run --kubernetes\n')
    .option(
      '-f, --filename <path...>',
      'manifest files or folders, watched for changes; what is not there yet is waited for',
    )
    .addOption(
      new Option('--state <folder>', 'folder that keeps virtual IPs, keys and settings; with -f')
        .env('ISTHMUS_STATE')
        .default('.isthmus/state'),
    )
    .addOption(new Option('--xds <address>', 'address of the xDS server').env('ISTHMUS_XDS').default('127.0.0.1:15010'))
    .addOption(
      new Option(
        '--xds-tls <address>',
        'address at which xDS is served over mutual TLS as well, to proxies with a certificate of the mesh',
      ).env('ISTHMUS_XDS_TLS'),
    )
    .addOption(new Option('--admin <address>', 'admin address').env('ISTHMUS_ADMIN').default('127.0.0.1:15014'))
    .option('--admin-token-file <file>', 'token that admin callers must send; needed beyond loopback')
    .option('--insecure-xds', 'serve plaintext xDS on an address that is not loopback', false)
    .option(
      '--insecure-identities',
      'take proxies on plaintext xDS for the workloads that they say they are, and give them their keys',
      false,
    )
    .addOption(
      new Option(
        '--registry-wait <seconds>',
        'how long the start waits for registries of which nothing is known from an earlier run',
      )
        .argParser(parseSeconds)
        .default(30),
    );
  for (const option of [...clusterOptions(), ...istioXdsOptions(), ...dnsOptions(), ...logOptions()])
    command.addOption(option);
  return command.action(async (flags: Flags) => {
    const { filename, state, kubernetes, kubeconfig, context, revision, systemNamespace, namespaceSelector, ...own } =
      flags;
    const { istioXds, istioXdsService, istiod, istioRoot, istioToken, ...others } = own;
    const { withoutIstio, webhook, injection, writeRate, statusRate, holdObjects, holdPercent, holdTime, ...rest } =
      others;
    const istio = istioXdsWish({ istioXds, istioXdsService, istiod, istioRoot, istioToken });
    const cluster = clusterWish(
      {
        kubernetes,
        kubeconfig,
        context,
        revision,
        systemNamespace,
        namespaceSelector,
        withoutIstio,
        webhook,
        injection,
        writeRate,
        statusRate,
        holdObjects,
        holdPercent,
        holdTime,
      },
      filename,
    );
    const chosen = { ...(cluster === undefined ? {} : { cluster }), ...(istio === undefined ? {} : { istio }) };
    settle(await actions.run({ ...rest, ...chosen, files: filename ?? [], stateFolder: state }));
  });
}
