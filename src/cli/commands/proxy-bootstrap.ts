/** `isthmus proxy bootstrap`: what a stock Envoy is started with. */
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { Locality } from '../../model/endpoint.ts';
import type { Interception } from '../../model/proxy.ts';
import { type Actions, DEFAULT_PROXY_ADMIN, type EnvoyBootstrapWish } from '../actions.ts';
import { interceptionOption } from '../interception-option.ts';
import { localityOption } from '../locality-option.ts';
import { formatJson, formatYaml, parseLabels, print } from '../output.ts';
import { addressOption, healthPortOption } from '../workload-options.ts';

interface Flags extends Omit<EnvoyBootstrapWish, 'workload'> {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly address: readonly string[];
  readonly label: Readonly<Record<string, string>>;
  readonly kind: 'envoy';
  readonly interception: Interception | 'none';
  readonly locality?: Locality;
  readonly output: 'yaml' | 'json';
  readonly to?: string;
}

const EXAMPLES = `Examples:
  isthmus proxy bootstrap --kind envoy --name orders-1 -n shop --address 10.0.0.7 --xds 127.0.0.1:15010
  isthmus proxy bootstrap --kind envoy --name orders-1 -n shop --service-account orders --address 10.0.0.7 \\
    --xds-tls isthmus.corp:15012 --certificates ./certificates --token-file orders.token --roots roots.pem > envoy.yaml
`;

export function proxyBootstrapCommand(actions: Actions): Command {
  return new Command('bootstrap')
    .description('Print a bootstrap for a stock proxy; with a token, get its first certificate too.')
    .addHelpText('before', EXAMPLES)
    .addOption(new Option('--kind <kind>', 'whose bootstrap').choices(['envoy']).default('envoy'))
    .requiredOption('--name <name>', 'name of this instance of the workload')
    .option('-n, --namespace <name>', 'namespace of the workload', 'default')
    .option('--service-account <name>', 'service account of the workload', 'default')
    .addOption(addressOption().makeOptionMandatory())
    .option('--label <name=value>', 'a label of the workload; may be repeated', parseLabels, {})
    .addOption(interceptionOption())
    .option('--mark <number>', 'firewall mark of what the proxy sends itself; it needs CAP_NET_ADMIN', Number)
    .addOption(localityOption())
    .option('--xds <address>', 'plaintext xDS, on loopback only')
    .option('--xds-tls <address>', 'xDS over mutual TLS')
    .option('--certificates <folder>', 'folder of the certificate of this proxy, its key and the roots')
    .option('--token-file <file>', 'bootstrap token: gets the first certificate; see "isthmus token create"')
    .option('--roots <file>', 'roots that verify the control plane for that; see "isthmus token roots"')
    .option('--trust-domain <name>', 'as the MeshConfig has it', 'cluster.local')
    .option('--root-namespace <name>', 'as the MeshConfig has it', 'isthmus-system')
    .option('--admin <address>', "Envoy's admin address, on loopback", DEFAULT_PROXY_ADMIN)
    .addOption(healthPortOption())
    .option('--to <file>', 'write the bootstrap into a file, as JSON, in place of printing it')
    .option('--strict', 'let Envoy refuse what it calls deprecated', false)
    .addOption(new Option('-o, --output <format>', 'yaml or json').choices(['yaml', 'json']).default('yaml'))
    .action(
      async ({
        name,
        namespace,
        serviceAccount,
        address,
        label,
        kind: _,
        interception,
        locality,
        output,
        to,
        ...rest
      }: Flags) => {
        const handed = interception === 'none' ? {} : { interception };
        const place = locality === undefined ? {} : { locality };
        const workload = { name, namespace, serviceAccount, addresses: address, labels: label, ...handed, ...place };
        const bootstrap = await actions.makeEnvoyBootstrap({ ...rest, workload });
        if (to !== undefined) await writeFile(to, formatJson(bootstrap), { mode: 0o600 });
        else print(output === 'json' ? formatJson(bootstrap) : formatYaml(bootstrap));
      },
    );
}
