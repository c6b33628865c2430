/** Durations in objects: checked where a user wrote them, then read as milliseconds. */
import { parseDuration } from './durations.ts';
import { type Path, type Problems, quote } from './problem.ts';

/** The least that a duration may be, and how to say so. */
interface Least {
  readonly ms: number;
  readonly text: string;
}

const notNegative: Least = { ms: 0, text: '0s' };

export function checkDuration(
  text: string | undefined,
  path: Path,
  problems: Problems,
  least: Least = notNegative,
): void {
  if (text === undefined) return;
  const ms = parseDuration(text);
  if (ms === undefined) problems.add('ISTH0208', path, `${quote(text)} is no duration.`);
  else if (ms < least.ms) problems.add('ISTH0208', path, `${quote(text)} is less than ${least.text}.`);
}

/** Milliseconds of a duration that has been checked. */
export function millisecondsOf(text: string): number {
  return parseDuration(text) ?? 0;
}
