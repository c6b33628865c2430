/** `isthmus run`: starts the control plane, says what it found, and stops it in order when asked to. */
import { readFile } from 'node:fs/promises';
import type { RunOptions } from '../cli/actions.ts';
import { countBySeverity, formatFinding, sortFindings } from '../cli/findings.ts';
import { ExitCode, IsthmusError, messageOf } from '../model/errors.ts';
import { createLogger, type Logger } from '../operations/log.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { untilSignalled } from './shutdown.ts';

const SHOWN_AT_START = 20;

export async function run(options: RunOptions): Promise<ExitCode> {
  const log = createLogger({ format: options.logFormat, level: options.logLevel });
  const token = await readToken(options.adminTokenFile);
  const plane = await startControlPlane({ ...options, ...(token === undefined ? {} : { adminToken: token }) }, log);
  report(plane, log);
  const signal = await untilSignalled();
  log.info({ signal }, 'stopping');
  await plane.stop();
  log.info('stopped');
  return ExitCode.ok;
}

async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new IsthmusError('USAGE', `--admin-token-file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  if (text.trim() === '') throw new IsthmusError('USAGE', `--admin-token-file ${file} is empty.`);
  return text.trim();
}

function report(plane: ControlPlane, log: Logger): void {
  log.info({ xds: plane.xdsAddress, admin: plane.adminAddress }, 'serving');
  const findings = sortFindings(plane.findings()).filter(({ severity }) => severity !== 'info');
  for (const one of findings.slice(0, SHOWN_AT_START)) log.warn(formatFinding(one));
  if (findings.length > SHOWN_AT_START) log.warn(`${countBySeverity(findings)}; "isthmus analyze" shows them all`);
}
