/** `isthmus token create`: what a proxy shows until it has a certificate; `isthmus token roots`: by what it knows who asks for it. */
import { Command, Option } from 'commander';
import type { Actions } from '../actions.ts';
import type { StateChoice } from '../cluster-choice.ts';
import { parseSeconds, print } from '../output.ts';
import { revisionOption } from './cluster.ts';

interface StateFlags {
  readonly state: string;
  readonly kubernetes?: true;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly revision: string;
  readonly systemNamespace: string;
}

interface Flags extends StateFlags {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly trustDomain: string;
  readonly ttl: number;
}

export function tokenCommand(actions: Actions): Command {
  const create = new Command('create')
    .description('Print a token that lets the proxies of one workload ask for their first certificate.')
    .addHelpText(
      'before',
      `Examples:
  isthmus token create --state ./state -n shop --service-account orders > orders.token
  isthmus token create --kubernetes -n shop --service-account orders > orders.token    for a machine outside of the cluster
`,
    )
    .requiredOption('-n, --namespace <name>', 'namespace of the workload')
    .requiredOption('--service-account <name>', 'service account of the workload')
    .option('--trust-domain <name>', 'as the MeshConfig has it', 'cluster.local')
    .addOption(
      new Option('--ttl <seconds>', 'how long it is good for, and a minute more as clocks differ; an hour at most')
        .argParser(parseSeconds)
        .default(3600),
    )
    .action(async ({ ttl, namespace, serviceAccount, trustDomain, ...flags }: Flags) => {
      const identity = { trustDomain, namespace, serviceAccount };
      print(await actions.createToken(stateOf(flags), { identity, lifetimeMs: ttl * 1000 }));
    });
  const roots = new Command('roots')
    .description('Print the roots of the mesh, by which proxies verify the control plane.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus token roots --state ./state > roots.pem\n  isthmus token roots --kubernetes > roots.pem\n',
    )
    .action(async (flags: StateFlags) => print(await actions.readRoots(stateOf(flags))));
  for (const command of [create, roots]) for (const option of stateOptions()) command.addOption(option);
  return new Command('token')
    .description('Make what proxies need for their first certificate.')
    .addCommand(create)
    .addCommand(roots);
}

function stateOptions(): readonly Option[] {
  return [
    new Option('--state <folder>', 'state folder of the control plane: who may read it may make tokens')
      .env('ISTHMUS_STATE')
      .default('.isthmus/state'),
    new Option('--kubernetes', 'of a control plane in a cluster: who may read its Secrets may make tokens'),
    new Option('--kubeconfig <file>', 'of the cluster (default: as kubectl)').implies({ kubernetes: true }),
    new Option('--context <name>', 'of the kubeconfig (default: its current one)').implies({ kubernetes: true }),
    new Option('--system-namespace <name>', 'namespace of the control plane')
      .env('ISTHMUS_SYSTEM_NAMESPACE')
      .default('isthmus-system'),
    revisionOption(),
  ];
}

function stateOf({ state, kubernetes, kubeconfig, context, revision, systemNamespace }: StateFlags): StateChoice {
  if (kubernetes !== true) return { folder: state };
  const cluster = {
    revision,
    systemNamespace,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
  return { cluster };
}
