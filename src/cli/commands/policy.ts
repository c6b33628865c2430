/**
 * `isthmus policy`: who may call whom, and why. What decides is asked of a control plane, or made of manifests; the
 * decision itself is made here, since tenants' expressions have no place in a control plane.
 */
import { Command, Option } from 'commander';
import type { AccessView } from '../../model/access-view.ts';
import { ExitCode } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { IdentityView } from '../../model/identity-view.ts';
import { visibleText } from '../../model/visible-text.ts';
import type { Actions, Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { sayFindings } from '../findings.ts';
import { type OutputFormat, outputOption, print, printRows, printValue, say } from '../output.ts';
import {
  formatIdentity,
  formatRequests,
  formatSource,
  type PermittedCaller,
  permittedCallers,
} from './policy-callers.ts';
import { explain } from './policy-explanation.ts';
import { identityCommand, printIdentity } from './policy-identity.ts';
import { isNarrowed } from './policy-narrowing.ts';
import {
  type Caller,
  type HostAndPort,
  namespaceOf,
  type Outsider,
  type PolicyQuestion,
  parseCaller,
  parseFrom,
  parseHeader,
  parseHostAndPort,
  portsOf,
  type RequestFlags,
  readQuestion,
} from './policy-question.ts';
import { permissive, reasonWithoutRules, type Verdict, verdictOf } from './policy-verdict.ts';

interface Flags extends AdminTarget {
  readonly filename?: readonly string[];
  readonly namespace?: string;
  readonly output: OutputFormat;
}

interface CallFlags extends Flags, RequestFlags {
  readonly from: Caller | Outsider;
  readonly to: HostAndPort;
}

export function policyCommand(actions: Actions, settle: Settle): Command {
  return new Command('policy')
    .description('Answer who may call whom, and why: of a running control plane, or of manifests.')
    .addCommand(whoCanCall(actions, settle))
    .addCommand(aboutIdentity(actions, settle))
    .addCommand(canCall(actions, settle))
    .addCommand(explainCall(actions, settle));
}

function whoCanCall(actions: Actions, settle: Settle): Command {
  const command = new Command('who-can-call')
    .description('List who may call a service, by which TrafficTargets, and what they permit.')
    .addHelpText(
      'before',
      `Examples:
  isthmus policy who-can-call bookstore.bookstore.svc.cluster.local
  isthmus policy who-can-call bookstore:14001 -n bookstore
  isthmus policy who-can-call mysql.bookwarehouse:3306 -f manifests/ -o json
`,
    )
    .argument('<host[:port]>', 'a host, namespace/host, or a name as workloads write it', parseHostAndPort);
  return withMesh(command).action(async (to: HostAndPort, flags: Flags) => {
    const { view, findings } = await viewOf(actions, to.host, flags.namespace, flags);
    const callers = permittedCallers(view, portsOf(view, to.port));
    const what = to.port === undefined ? view.service.host : `${view.service.host}:${to.port}`;
    printCallers(view, what, callers, flags.output);
    const failed = sayFindings(findings, 'What is listed leaves out what is in error.');
    settle(failed ? ExitCode.findings : ExitCode.ok);
  });
}

function aboutIdentity(actions: Actions, settle: Settle): Command {
  const command = identityCommand().argument('<identity>', 'namespace/serviceaccount, or a SPIFFE id', parseCaller);
  return withManifests(command).action(async (caller: Caller, flags: Flags) => {
    const written = 'id' in caller ? caller.id : `${caller.namespace}/${caller.serviceAccount}`;
    const mesh = flags.filename === undefined ? undefined : await actions.loadOffline(flags.filename);
    const view =
      mesh?.identity(written) ??
      ((await adminGet(flags, `/api/v1/identities/${encodeURIComponent(written)}`)) as IdentityView);
    printIdentity(view, flags.output);
    const failed = sayFindings((await mesh?.findings()) ?? [], 'What is listed leaves out what is in error.');
    settle(failed ? ExitCode.findings : ExitCode.ok);
  });
}

function canCall(actions: Actions, settle: Settle): Command {
  const command = new Command('can-call')
    .description('Answer whether one workload may call another: yes or no.')
    .addHelpText(
      'before',
      `Examples:
  isthmus policy can-call --from bookbuyer/bookbuyer --to bookstore.bookstore:14001 --path /books-bought
  isthmus policy can-call --from bookthief/bookthief --to bookstore.bookstore:14001 --method POST --header client-app=x
  isthmus policy can-call --from bookwarehouse/bookwarehouse --to mysql.bookwarehouse:3306 -f manifests/
  isthmus policy can-call --from shop/buyer --to orders.shop:9090 --property method=getOrder
  isthmus policy can-call --from 203.0.113.7 --to bookstore.bookstore:14001 --path /books-bought
`,
    )
    .addHelpText(
      'after',
      '\nExits with 0 for yes, with 79 for no, and with 65 where manifests are in error: no answer is to be relied on then. "isthmus policy explain" says why.',
    );
  return withCall(command).action(async (flags: CallFlags) => {
    const { question, verdict, findings } = await judge(actions, flags);
    const isYes = verdict.answer === 'all';
    if (flags.output === 'table') print(isYes ? 'yes' : 'no');
    else printValue(flags.output, { allowed: isYes, ...verdict });
    if (verdict.reason !== undefined) say(visibleText(verdict.reason));
    if (isAnyRequest(question, flags) && verdict.reason === undefined)
      say('Asked about GET /. Other requests are asked about with --method, --path and --header.');
    if (verdict.answer === 'some')
      say('Some of the workloads that it may come to permit it, others do not: "isthmus policy explain" names them.');
    const failed = sayFindings(findings, 'The answer leaves out what is in error, and may be another with it.');
    settle(failed ? ExitCode.badData : isYes ? ExitCode.ok : ExitCode.findings);
  });
}

function isAnyRequest({ request }: PolicyQuestion, { method, path, header }: RequestFlags): boolean {
  return request !== undefined && method === undefined && path === undefined && header.length === 0;
}

function explainCall(actions: Actions, settle: Settle): Command {
  const command = new Command('explain')
    .description('Explain why a call is allowed or denied, and where it is sent: every rule that has a say.')
    .addHelpText(
      'before',
      `Examples:
  isthmus policy explain --from bookbuyer/bookbuyer --to bookstore.bookstore:14001 --path /books-bought
  isthmus policy explain --from bookthief/bookthief --to bookstore.bookstore:14001 -f manifests/ -o yaml
`,
    );
  return withCall(command).action(async (flags: CallFlags) => {
    const { view, question, verdict, findings } = await judge(actions, flags);
    if (flags.output === 'table') print(explain(view, question, verdict));
    else printValue(flags.output, { question: { ...question, port: question.port.number }, ...verdict });
    const failed = sayFindings(findings, 'What is explained leaves out what is in error.');
    settle(failed ? ExitCode.findings : ExitCode.ok);
  });
}

function withMesh(command: Command): Command {
  return withManifests(command).option('-n, --namespace <name>', 'the namespace in which the host is looked up');
}

function withManifests(command: Command): Command {
  command
    .option('-f, --filename <path...>', 'manifest files or folders instead of a control plane; - is standard input')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command;
}

function withCall(command: Command): Command {
  command
    .addOption(
      new Option('--from <namespace/serviceaccount>', 'the caller, its SPIFFE id, or an address outside the mesh')
        .argParser(parseFrom)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--to <host[:port]>', 'whom it calls; the port may be left out where there is one only')
        .argParser(parseHostAndPort)
        .makeOptionMandatory(),
    )
    .option('--method <method>', 'of the HTTP request (default: GET)')
    .option('--path <path>', 'of the HTTP request, with its query if any (default: /)')
    .addOption(
      new Option('--header <name=value>', 'of the HTTP request; may be given several times')
        .argParser(parseHeader)
        .default([], 'the host'),
    )
    .addOption(
      new Option('--property <name=value>', 'of the request of a private protocol; may be given several times')
        .argParser(parseHeader)
        .default([], 'any request of a connection'),
    )
    .option('--certificate <name>', 'a DNS name or SPIFFE id in the certificate of a caller outside the mesh')
    .option('--server-name <name>', 'that a caller outside the mesh asks for by TLS');
  return withMesh(command);
}

interface Found {
  readonly view: AccessView;
  /** Of manifests; a control plane has a command of its own for them. */
  readonly findings: readonly Finding[];
}

async function viewOf(actions: Actions, host: string, namespace: string | undefined, flags: Flags): Promise<Found> {
  if (flags.filename !== undefined) {
    const mesh = await actions.loadOffline(flags.filename);
    return { view: mesh.access(host, namespace), findings: await mesh.findings() };
  }
  const query = namespace === undefined ? '' : `?namespace=${encodeURIComponent(namespace)}`;
  const view = (await adminGet(flags, `/api/v1/access-policies/${encodeURIComponent(host)}${query}`)) as AccessView;
  return { view, findings: [] };
}

async function judge(actions: Actions, flags: CallFlags) {
  const { from, to, namespace } = flags;
  const { view, findings } = await viewOf(actions, to.host, namespace ?? namespaceOf(from), flags);
  const question = readQuestion(view, from, to, flags);
  // Loaded here, as the engine is large and the program has other commands.
  const { createExpressions } = await import('./policy-expressions.ts');
  const verdict: Verdict = verdictOf(view, question, createExpressions());
  return { view, question, verdict, findings };
}

function printCallers(view: AccessView, what: string, callers: readonly PermittedCaller[], output: OutputFormat): void {
  const { service, access, trustDomain } = view;
  const isOutside = service.egress !== undefined;
  const open = reasonWithoutRules(view) ?? (access === 'Permissive' && !isOutside ? permissive : undefined);
  if (output === 'table') {
    if (open !== undefined) print(visibleText(open));
    else if (callers.length > 0) printRows('table', callers, columnsOf(view));
    else print(visibleText(`Nobody may call ${what}: no ${isOutside ? 'Egress' : 'TrafficTarget'} permits it.`));
    if (isNarrowed(view, view.service.ports))
      say('Policies for requests may narrow what is listed: "isthmus policy explain" names them.');
    return;
  }
  const everybody = open === undefined ? {} : { everybody: true, reason: open };
  printValue(output, { host: service.host, access, trustDomain, ...everybody, callers });
}

function columnsOf({ trustDomain }: AccessView) {
  return [
    { title: 'CALLER', value: ({ caller }: PermittedCaller) => formatIdentity(caller, trustDomain) },
    { title: 'HOST', value: ({ host }: PermittedCaller) => host },
    { title: 'WORKLOAD', value: ({ identity }: PermittedCaller) => formatIdentity(identity, trustDomain) },
    { title: 'PORTS', value: ({ ports }: PermittedCaller) => ports.join(',') },
    { title: 'REQUESTS', value: ({ requests }: PermittedCaller) => formatRequests(requests) },
    { title: 'BY', value: ({ object, place }: PermittedCaller) => formatSource(object, place) },
  ];
}
