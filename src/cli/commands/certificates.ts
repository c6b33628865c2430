/** `isthmus certificates status|roots|rotate|renew`: who signs, who is trusted, and the rotation of the root, step by step. */
import { Argument, Command, Option } from 'commander';
import {
  type CertificateStatus,
  type RotationMove,
  type RotationOutcome,
  type RotationStatus,
  rotationMoves,
} from '../../model/certificate-status.ts';
import { ExitCode, IsthmusError } from '../../model/errors.ts';
import { spiffeId } from '../../model/identity.ts';
import { visibleText } from '../../model/visible-text.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions, adminPost } from '../admin-client.ts';
import { describeCertificates, describeOutlook, describeWaiting } from '../certificate-text.ts';
import { type OutputFormat, outputOption, parseSeconds, print, printValue, say } from '../output.ts';
import { timeoutOption } from '../timeout.ts';
import { type Caller, parseCaller } from './policy-question.ts';

type StatusFlags = AdminTarget & { readonly output: OutputFormat };

interface RotateFlags extends AdminTarget {
  readonly force?: boolean;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

export function certificatesCommand(settle: Settle): Command {
  return new Command('certificates')
    .alias('certificate')
    .description('Inspect the certificates of the mesh, and rotate its root.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus certificates status\n  isthmus certificates rotate --wait\n  isthmus certificates rotate abort\n',
    )
    .addHelpText('after', '\nHow a root is rotated, and what each step means: docs/certificates.md.\n')
    .addCommand(status())
    .addCommand(roots())
    .addCommand(rotate(settle))
    .addCommand(renew());
}

function asking(command: Command): Command {
  for (const option of adminOptions()) command.addOption(option);
  return command;
}

function status(): Command {
  const command = new Command('status')
    .description('Show who signs, which roots are trusted, who knows of them, and which step is next.')
    .addHelpText('before', 'Example:\n  isthmus certificates status -o json\n')
    .addOption(outputOption());
  return asking(command).action(async (flags: StatusFlags) => {
    const now = await ask(flags);
    if (flags.output === 'table') print(visible(describeCertificates(now, Date.now())));
    else printValue(flags.output, now);
  });
}

function roots(): Command {
  const command = new Command('roots')
    .description('Print the roots that are trusted now, PEM.')
    .addHelpText('before', 'Example:\n  isthmus certificates roots > roots.pem\n');
  return asking(command).action(async (flags: AdminTarget) => {
    const { pem } = (await adminGet(flags, '/api/v1/certificates/roots')) as { readonly pem: string };
    print(pem);
  });
}

function rotate(settle: Settle): Command {
  const command = new Command('rotate')
    .description(
      'Take a step of the rotation of the root: the next one, or that which is named. Exits with 79 if it is not safe.',
    )
    .addHelpText(
      'before',
      'Examples:\n  isthmus certificates rotate --wait          the next step, as soon as it is safe\n  isthmus certificates rotate switch\n  isthmus certificates rotate abort\n',
    )
    .addArgument(
      new Argument(
        '[step]',
        'begin: trust a new root; switch: sign with it; finish: trust the old one no more; abort: one step back',
      )
        .choices(['next', ...rotationMoves])
        .default('next'),
    )
    .option('--force', 'take it though it is not safe')
    .option('--wait', 'wait until it is safe, and until all connected proxies know of it')
    .addOption(timeoutOption('how long to wait', 300));
  return asking(command).action(async (step: RotationMove | 'next', flags: RotateFlags) =>
    settle(await rotateRoot(step, flags)),
  );
}

interface RenewFlags extends AdminTarget {
  readonly within: number;
}

function renew(): Command {
  const command = new Command('renew')
    .description(
      'Renew certificates before their time: all that the control plane looks after, or those of one workload.',
    )
    .addHelpText(
      'before',
      'Examples:\n  isthmus certificates renew --within 600\n  isthmus certificates renew shop/cart\n',
    )
    .argument(
      '[identity]',
      'namespace/serviceaccount of a workload, or its SPIFFE id, whose key may be known to others',
      parseCaller,
    )
    .addOption(
      new Option('--within <seconds>', 'each at a random moment of this time').argParser(parseSeconds).default(0),
    );
  return asking(command).action(async (workload: Caller | undefined, { within, ...target }: RenewFlags) => {
    const identity = workload === undefined ? undefined : await spiffeIdOf(workload, target);
    const query = new URLSearchParams({ within: String(within), ...(identity === undefined ? {} : { identity }) });
    const path = `/api/v1/certificates/renewal?${query.toString()}`;
    const { renewed } = (await adminPost(target, path)) as { readonly renewed: number };
    if (renewed === 0 && identity !== undefined)
      throw new IsthmusError(
        'BAD_DATA',
        `No certificate of ${visibleText(identity)} is looked after here. One is as long as a proxy of the workload gets it from here; a proxy that keeps its certificate in files renews it by itself.`,
      );
    print(
      `${renewed} ${renewed === 1 ? 'certificate is' : 'certificates are'} renewed${within === 0 ? '' : ` within ${within} s`}.`,
    );
  });
}

async function spiffeIdOf(workload: Caller, target: AdminTarget): Promise<string> {
  return 'id' in workload ? workload.id : spiffeId({ trustDomain: (await ask(target)).trustDomain, ...workload });
}

async function rotateRoot(step: RotationMove | 'next', flags: RotateFlags): Promise<ExitCode> {
  const end = Date.now() + flags.timeout;
  const before = await ask(flags);
  const move = step === 'next' ? nextMove(rotationIn(before)) : step;
  const outcome = await take(flags, move, end);
  if (outcome.kind !== 'done') return refused(move, outcome.kind, outcome.reason);
  print(`Done: ${move}.`);
  if (flags.wait === true) return untilAllKnow(flags, end);
  printOutlook(outcome.status);
  return ExitCode.ok;
}

function refused(move: RotationMove, kind: 'impossible' | 'unsafe', reason: string): ExitCode {
  if (kind === 'impossible') throw new IsthmusError('BAD_DATA', `${move} is not possible: ${visibleText(reason)}.`);
  say(`Not done: ${move} is not safe: ${visibleText(reason)}. Wait for it with --wait, or insist with --force.`);
  return ExitCode.findings;
}

/** Asks again while it is not safe, where that is wanted. */
async function take(flags: RotateFlags, move: RotationMove, end: number): Promise<RotationOutcome> {
  const query = new URLSearchParams({ step: move, ...(flags.force === true ? { force: 'true' } : {}) });
  const path = `/api/v1/certificates/rotation?${query.toString()}`;
  for (let said = ''; ; ) {
    const outcome = (await adminPost(flags, path)) as RotationOutcome;
    if (outcome.kind !== 'unsafe' || flags.wait !== true || Date.now() >= end) return outcome;
    if (outcome.reason !== said) say(`${move} waits: ${visibleText(outcome.reason)}.`);
    said = outcome.reason;
    await pause();
  }
}

/** What may follow is said once, as it stands when the waiting is over. */
async function untilAllKnow(flags: RotateFlags, end: number): Promise<ExitCode> {
  for (;;) {
    const now = await ask(flags);
    const { connected, trusting } = now.proxies;
    const waiting = visible(describeWaiting(now.proxies));
    if (trusting === connected) {
      printOutlook(now);
      print(waiting);
      return ExitCode.ok;
    }
    if (Date.now() >= end) {
      printOutlook(now);
      say(`${waiting} The step was taken all the same.`);
      return ExitCode.findings;
    }
    await pause();
  }
}

function printOutlook(status: CertificateStatus): void {
  const lines = describeOutlook(status);
  if (lines.length > 0) print(visible(lines.join('\n')));
}

const pollMs = 250;

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, pollMs));
}

/** The way forward; a rotation goes back by name alone. */
function nextMove({ phase }: RotationStatus): RotationMove {
  if (phase === 'single') return 'begin';
  return phase === 'introduced' ? 'switch' : 'finish';
}

function rotationIn({ rotation, issuer }: CertificateStatus): RotationStatus {
  if (rotation !== undefined) return rotation;
  throw new IsthmusError('BAD_DATA', `The roots are not rotated here, but where they are: ${visibleText(issuer)}.`);
}

async function ask(target: AdminTarget): Promise<CertificateStatus> {
  return (await adminGet(target, '/api/v1/certificates')) as CertificateStatus;
}

function visible(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}
