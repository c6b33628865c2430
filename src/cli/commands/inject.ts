/** `isthmus inject`: manifests in, the same manifests with a proxy beside each workload out. Asks nobody. */
import { Command, Option } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import { documentLimits } from '../../resources/document-limits.ts';
import type { Settle } from '../actions.ts';
import { sayFindings } from '../findings.ts';
import type { InjectionFlags } from '../manifest-injection.ts';
import { readNamedStream } from '../named-files.ts';
import { print } from '../output.ts';

const EXAMPLES = `Examples:
  isthmus inject -f deployment.yaml | kubectl apply -f -
  kubectl get deployment orders -o yaml | isthmus inject -f - --proxy envoy | kubectl apply -f -
  isthmus inject -f deployment.yaml --uninject | kubectl apply -f -
`;

export function injectCommand(settle: Settle): Command {
  return new Command('inject')
    .description('Put a proxy beside the workloads of manifests. Exits with 79 if one of them cannot have any.')
    .addHelpText('before', EXAMPLES)
    .addHelpText(
      'after',
      '\nPods, and what makes Pods: Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs, CronJobs,\nand Lists of them. All else is printed as it is.\n',
    )
    .requiredOption('-f, --filename <path>', 'manifest file; - is standard input')
    .option('--settings <file>', 'settings of injection, as the control plane has them; options win over them')
    .addOption(new Option('--proxy <kind>', 'where annotations do not say').choices(['metaproxy', 'envoy']))
    .option('--image <name>', 'image of isthmus')
    .option('--control-plane <address>', 'where it serves xDS over mutual TLS')
    .option('--no-interception', 'change nothing of the network of the workload; no container has a capability')
    .option('-n, --namespace <name>', 'of workloads that name none', 'default')
    .option('--uninject', 'take the proxy away again', false)
    .action(async (flags: InjectionFlags) => {
      const bytes = await readNamedStream(flags.filename, '-f', documentLimits.fileBytes);
      const { injectManifests } = await import('../manifest-injection.ts');
      const { printed, findings } = await injectManifests(bytes, flags);
      // Where one cannot be done nothing is printed: half of a file would be taken for the whole.
      const failed = sayFindings(findings, 'Nothing was printed.');
      if (!failed) print(printed);
      settle(failed ? ExitCode.findings : ExitCode.ok);
    });
}
