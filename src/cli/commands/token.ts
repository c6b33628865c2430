/** `isthmus token create`: what a proxy shows until it has a certificate; `isthmus token roots`: by what it knows who asks for it. */
import { Command, Option } from 'commander';
import type { Actions } from '../actions.ts';
import { parseSeconds, print } from '../output.ts';

interface Flags {
  readonly state: string;
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
      'Example:\n  isthmus token create --state ./state -n shop --service-account orders > orders.token\n',
    )
    .addOption(stateOption())
    .requiredOption('-n, --namespace <name>', 'namespace of the workload')
    .requiredOption('--service-account <name>', 'service account of the workload')
    .option('--trust-domain <name>', 'as the MeshConfig has it', 'cluster.local')
    .addOption(
      new Option('--ttl <seconds>', 'how long it is good for, and a minute more as clocks differ; an hour at most')
        .argParser(parseSeconds)
        .default(3600),
    )
    .action(async ({ state, ttl, namespace, serviceAccount, trustDomain }: Flags) => {
      const identity = { trustDomain, namespace, serviceAccount };
      print(await actions.createToken(state, { identity, lifetimeMs: ttl * 1000 }));
    });
  const roots = new Command('roots')
    .description('Print the roots of the mesh, by which proxies verify the control plane.')
    .addHelpText('before', 'Example:\n  isthmus token roots --state ./state > roots.pem\n')
    .addOption(stateOption())
    .action(async ({ state }: Pick<Flags, 'state'>) => print(await actions.readRoots(state)));
  return new Command('token')
    .description('Make what proxies need for their first certificate.')
    .addCommand(create)
    .addCommand(roots);
}

function stateOption(): Option {
  return new Option('--state <folder>', 'state folder of the control plane: who may read it may make tokens')
    .env('ISTHMUS_STATE')
    .default('.isthmus/state');
}
