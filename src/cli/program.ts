/**
 * The command tree. Each command stands in a file of its own under commands/ and loads what it needs only when it runs,
 * so that --help starts fast.
 */
import { Command, CommanderError } from 'commander';
import { ExitCode, IsthmusError } from '../model/errors.ts';
import { visibleText } from '../model/visible-text.ts';
import type { Actions, Settle } from './actions.ts';
import { adoptCommand } from './commands/adopt.ts';
import { analyzeCommand } from './commands/analyze.ts';
import { certificatesCommand } from './commands/certificates.ts';
import { checkCommand } from './commands/check.ts';
import { codecCommand } from './commands/codec.ts';
import { describeCommand } from './commands/describe.ts';
import { injectCommand } from './commands/inject.ts';
import { installCommand, uninstallCommand, upgradeCommand } from './commands/install.ts';
import { migrateCommand } from './commands/migrate.ts';
import { namespaceCommand } from './commands/namespace.ts';
import { policyCommand } from './commands/policy.ts';
import { proxyCommand } from './commands/proxy.ts';
import { proxyConfigCommand } from './commands/proxy-config.ts';
import { proxyStatusCommand } from './commands/proxy-status.ts';
import { registryCommand } from './commands/registry.ts';
import { runCommand } from './commands/run.ts';
import { servicesCommand } from './commands/services.ts';
import { tokenCommand } from './commands/token.ts';
import { translateCommand } from './commands/translate.ts';
import { validateCommand } from './commands/validate.ts';
import { vipCommand } from './commands/vip.ts';
import { writesCommand } from './commands/writes.ts';
import { say } from './output.ts';
import { addUsageHints } from './usage-hints.ts';

const EXAMPLES = `Examples:
  isthmus validate -f manifests/                    check manifests, offline
  isthmus run -f manifests/ --state ./state         start the control plane
  isthmus proxy --xds 127.0.0.1:15010 --node ID     start metaproxy beside a workload
  isthmus proxy-status                              is every proxy in sync?
`;

const EXIT_CODES = `
Exit codes:
  0    done
  64   usage: the command line is wrong, or names a file or folder that is not there or cannot be read
  65   bad data: what was read, or asked for, is not what it should be
  69   unavailable: an address, a state folder or a control plane cannot be had
  79   findings: manifests, proxies or registries have errors; they are printed
`;

/** Runs the command line; answers the exit code and never throws. */
export async function runProgram(version: string, actions: Actions, argv: readonly string[]): Promise<ExitCode> {
  const outcome: { code: ExitCode } = { code: ExitCode.ok };
  const settle = (code: ExitCode): void => {
    outcome.code = code;
  };
  try {
    await createProgram(version, actions, settle, argv).parseAsync([...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return reportFailure(error);
  }
}

function createProgram(version: string, actions: Actions, settle: Settle, argv: readonly string[]): Command {
  const program = new Command('isthmus')
    .description('Joins private RPC protocols, legacy registries and VM services to a service mesh.')
    .version(version, '-V, --version')
    .showHelpAfterError('Run "isthmus --help" to see what there is.')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES)
    .helpCommand(true)
    // Commands that have commands see for themselves whose an option is.
    .enablePositionalOptions();
  const commands = [
    runCommand(actions, settle),
    proxyCommand(actions, settle),
    validateCommand(actions, settle),
    translateCommand(actions, settle),
    proxyStatusCommand(settle),
    proxyConfigCommand(settle),
    servicesCommand(actions, settle),
    policyCommand(actions, settle),
    vipCommand(),
    registryCommand(actions, settle),
    writesCommand(),
    migrateCommand(settle),
    certificatesCommand(settle),
    tokenCommand(actions),
    describeCommand(),
    analyzeCommand(settle),
    codecCommand(settle),
    injectCommand(settle),
    namespaceCommand(actions, settle),
    adoptCommand(actions, settle),
    installCommand(actions),
    upgradeCommand(actions),
    uninstallCommand(actions, settle),
    checkCommand(actions, settle),
  ];
  for (const command of commands) program.addCommand(command);
  prepareForErrors(program, argv);
  return program;
}

/** Commander exits the process by itself unless each command is told to throw instead. */
function prepareForErrors(command: Command, argv: readonly string[]): void {
  command.exitOverride();
  addUsageHints(command, argv);
  for (const child of command.commands) prepareForErrors(child, argv);
}

function reportFailure(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof IsthmusError) {
    say(`isthmus: ${error.message.split('\n').map(visibleText).join('\n')}`);
    if (process.env.ISTHMUS_DEBUG !== undefined) say(error.stack ?? '');
    return error.exitCode;
  }
  say(`isthmus: this is a fault of isthmus itself: ${error instanceof Error ? error.stack : String(error)}`);
  return ExitCode.unavailable;
}
