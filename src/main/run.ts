/** `isthmus run`: starts the control plane, says what it found, and stops it in order when asked to. */
import type { RunOptions } from '../cli/actions.ts';
import { countBySeverity, formatFinding, sortFindings } from '../cli/findings.ts';
import { ExitCode } from '../model/errors.ts';
import { createLogger, type Logger } from '../operations/log.ts';
import { readAdminToken } from './admin-token.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { untilSignalled } from './shutdown.ts';

const SHOWN_AT_START = 20;
const NOT_YET_AFTER_MS = 500;

export async function run(options: RunOptions): Promise<ExitCode> {
  const log = createLogger({ format: options.logFormat, level: options.logLevel });
  const token = await readAdminToken(options.adminTokenFile);
  const signalled = untilSignalled();
  const plane = await startControlPlane({ ...options, ...(token === undefined ? {} : { adminToken: token }) }, log);
  try {
    const signal = await Promise.race([signalled, serve(plane, log, signalled)]);
    log.info({ signal }, 'stopping');
  } catch (error) {
    await plane.stop();
    throw error;
  }
  await plane.stop();
  log.info('stopped');
  return ExitCode.ok;
}

/** Says when it serves, and what it found; then waits for the signal. */
async function serve(plane: ControlPlane, log: Logger, signalled: Promise<NodeJS.Signals>): Promise<NodeJS.Signals> {
  const progress = tellProgress(plane, log);
  const xds = await plane.serving.finally(() => clearInterval(progress));
  const dns = plane.dnsAddress === '' ? {} : { dns: plane.dnsAddress };
  const xdsTls = plane.xdsTlsAddress === '' ? {} : { xdsTls: plane.xdsTlsAddress };
  log.info({ xds, ...xdsTls, admin: plane.adminAddress, ...dns }, 'serving');
  report(plane, log);
  return signalled;
}

/** Says what a start waits for, each part once. Gives the timer that does. */
function tellProgress(plane: ControlPlane, log: Logger): NodeJS.Timeout {
  const told = new Set<string>();
  return setInterval(() => {
    const { part, reason } = plane.whyNotServing() ?? {};
    if (part === undefined || told.has(part)) return;
    log.warn({ admin: plane.adminAddress }, `not serving yet: ${part}: ${reason}`);
    if (told.size === 0) report(plane, log);
    told.add(part);
  }, NOT_YET_AFTER_MS);
}

function report(plane: ControlPlane, log: Logger): void {
  const findings = sortFindings(plane.findings()).filter(({ severity }) => severity !== 'info');
  for (const one of findings.slice(0, SHOWN_AT_START)) log.warn(formatFinding(one));
  if (findings.length > SHOWN_AT_START) log.warn(`${countBySeverity(findings)}; "isthmus analyze" shows them all`);
}
