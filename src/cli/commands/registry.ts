/** `isthmus registry list|show|services|check|release|export`: the bridged registries of a running control plane. */
import { Command } from 'commander';
import { ExitCode, IsthmusError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { RegistryService, RegistryStatus } from '../../model/registry.ts';
import { visibleText } from '../../model/visible-text.ts';
import type { Actions, BridgedService, RegistryCheck, Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions, adminPost } from '../admin-client.ts';
import { countBySeverity, printFindings, sortFindings } from '../findings.ts';
import { findHeld } from '../held-service.ts';
import { formatJson, type OutputFormat, outputOption, print, printRows, printValue, say } from '../output.ts';
import { age, describeBridged, describeFindings, describeStatus, heldName } from '../registry-text.ts';
import { timeoutOption } from '../timeout.ts';

type Flags = AdminTarget & { readonly output: OutputFormat };

export function registryCommand(actions: Actions, settle: Settle): Command {
  return new Command('registry')
    .description('Inspect bridged registries, and release what is held.')
    .addHelpText('before', 'Examples:\n  isthmus registry list\n  isthmus registry check consul-prod -f manifests/\n')
    .addCommand(list())
    .addCommand(show())
    .addCommand(services())
    .addCommand(check(actions, settle))
    .addCommand(release())
    .addCommand(exportCommand());
}

function command(name: string, description: string, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example' : 'Examples';
  return new Command(name)
    .description(description)
    .addHelpText('before', `${title}:\n${examples.map((example) => `  isthmus registry ${example}\n`).join('')}`);
}

function asking(one: Command): Command {
  for (const option of adminOptions()) one.addOption(option);
  return one;
}

const statusColumns = [
  { title: 'REGISTRY', value: ({ registry }: RegistryStatus) => registry },
  { title: 'STATE', value: ({ state }: RegistryStatus) => state },
  { title: 'SERVICES', value: (status: RegistryStatus) => status.services },
  { title: 'INSTANCES', value: ({ instances }: RegistryStatus) => instances },
  { title: 'AWAITED', value: ({ awaited }: RegistryStatus) => awaited },
  { title: 'HELD', value: ({ held }: RegistryStatus) => held.length },
  { title: 'LAST COMPLETE', value: ({ lastComplete }: RegistryStatus) => age(lastComplete) },
];

function list(): Command {
  const own = command('list', 'List all registries, and how they are doing.', 'list').addOption(outputOption());
  return asking(own).action(async (flags: Flags) => {
    const rows = await statuses(flags);
    printRows(flags.output, rows, statusColumns);
    if (rows.length === 0) say('There is no ServiceRegistry among the manifests of this control plane.');
  });
}

function show(): Command {
  const own = command(
    'show',
    'Show one registry: its state, what is held against it, and its findings.',
    'show consul-prod',
  )
    .argument('<registry>', 'name of its ServiceRegistry')
    .addOption(outputOption());
  return asking(own).action(async (name: string, flags: Flags) => {
    const status = await statusOf(flags, name);
    const findings = (await findingsInForce(flags)).filter(({ object }) => isAbout(object, name));
    if (flags.output === 'table') print(`${describeStatus(status)}\n${describeFindings(findings)}`);
    else printValue(flags.output, { ...status, findings: sortFindings(findings) });
  });
}

function isAbout({ kind, name }: Finding['object'], registry: string): boolean {
  return kind === 'ServiceRegistry' && name === registry;
}

function hostOf({ host = '(refused)', definedBy }: BridgedService): string {
  return definedBy === undefined ? host : `${host} (of ${definedBy})`;
}

function services(): Command {
  const own = command('services', 'List what a registry holds, and the hosts that it became.', 'services consul-prod')
    .argument('<registry>', 'name of its ServiceRegistry')
    .addOption(outputOption());
  const columns = [
    { title: 'SERVICE', value: ({ service }: BridgedService) => service },
    { title: 'HOST', value: hostOf },
    { title: 'ADDRESS', value: ({ addresses }: BridgedService) => addresses[0] },
    { title: 'UP', value: ({ up, instances }: BridgedService) => `${up}/${instances}` },
    { title: 'REFUSED', value: ({ refused }: BridgedService) => refused },
    { title: 'CALLERS', value: ({ callers }: BridgedService) => callers.length },
    { title: 'SINCE', value: ({ since }: BridgedService) => new Date(since).toISOString() },
  ];
  return asking(own).action(async (name: string, flags: Flags) => {
    const { state } = await statusOf(flags, name);
    const rows = (await adminGet(flags, `${pathOf(name)}/services`)) as readonly BridgedService[];
    printRows(flags.output, rows, columns);
    if (rows.length === 0)
      say(`It holds no services that are selected; it is ${state}. See "isthmus registry show ${name}".`);
  });
}

function check(actions: Actions, settle: Settle): Command {
  return command(
    'check',
    'Connect to a registry as its manifest says, read it once, and say what would be bridged. Changes nothing. Exits with 79 if it cannot be read whole.',
    'check consul-prod -f manifests/',
  )
    .argument('[registry]', 'name of the ServiceRegistry; may be left out where there is one')
    .requiredOption('-f, --filename <path...>', 'files or folders with the ServiceRegistry')
    .addOption(timeoutOption('how long it may take', 30))
    .addOption(outputOption())
    .action(async (name: string | undefined, flags: CheckFlags) => {
      const checked = await actions.checkRegistry(flags.filename, name, flags.timeout, say);
      printCheck(flags.output, checked);
      settle(checked.status.state === 'live' ? ExitCode.ok : ExitCode.findings);
    });
}

function printCheck(output: OutputFormat, { status, services: found, findings }: RegistryCheck): void {
  if (output === 'table') {
    print(describeStatus(status));
    for (const one of found) print(describeBridged(one));
    printFindings('table', findings, `${countBySeverity(findings)}.`);
  } else {
    printValue(output, { status, services: found, findings: sortFindings(findings) });
    say(`${countBySeverity(findings)}.`);
  }
}

interface CheckFlags {
  readonly filename: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
  readonly output: OutputFormat;
}

function release(): Command {
  const own = command(
    'release',
    'Carry out deletions that are held: of one service, or of the whole registry.',
    'release consul-prod',
    'release consul-prod dc1/orders',
  )
    .argument('<registry>', 'name of its ServiceRegistry')
    .argument('[service]', 'as "registry show" names it');
  return asking(own).action(async (name: string, service: string | undefined, flags: AdminTarget) => {
    const { held } = await statusOf(flags, name);
    const query = service === undefined ? '' : `?service=${encodeURIComponent(findHeld(held, service))}`;
    const { released } = (await adminPost(flags, `${pathOf(name)}/release${query}`)) as { readonly released: string[] };
    for (const one of released) print(visibleText(heldName(one)));
    say(released.length === 0 ? 'Nothing is held.' : `${released.length} released.`);
  });
}

function exportCommand(): Command {
  const own = command(
    'export',
    'Print what a registry holds, as a file that a ServiceRegistry of type Snapshot reads.',
    'export consul-prod > consul.json',
  ).argument('<registry>', 'name of its ServiceRegistry');
  return asking(own).action(async (name: string, flags: AdminTarget) => {
    await statusOf(flags, name);
    const snapshot = (await adminGet(flags, `${pathOf(name)}/snapshot`)) as {
      readonly services: readonly RegistryService[];
    };
    print(formatJson(snapshot));
  });
}

async function findingsInForce(target: AdminTarget): Promise<readonly Finding[]> {
  return (await adminGet(target, '/api/v1/findings')) as readonly Finding[];
}

async function statuses(target: AdminTarget): Promise<readonly RegistryStatus[]> {
  return (await adminGet(target, '/api/v1/registries')) as readonly RegistryStatus[];
}

function pathOf(name: string): string {
  return `/api/v1/registries/${encodeURIComponent(name)}`;
}

/** Throws BAD_DATA where there is none. */
async function statusOf(target: AdminTarget, name: string): Promise<RegistryStatus> {
  const all = await statuses(target);
  const status = all.find(({ registry }) => registry === name);
  if (status !== undefined) return status;
  const names = all.map(({ registry }) => registry).join(', ');
  const others = names === '' ? 'This control plane has none.' : `There are: ${names}.`;
  throw new IsthmusError('BAD_DATA', `There is no registry "${name}". ${others}`);
}
