/** `--timeout`: how long a command may take. Read before the command does anything. */
import { Option } from 'commander';
import { IsthmusError } from '../model/errors.ts';

const longestSeconds = 86_400;

/** Its value is in milliseconds. */
export function timeoutOption(description: string, seconds: number): Option {
  return new Option('--timeout <seconds>', description)
    .argParser(parseTimeout)
    .default(seconds * 1000, String(seconds));
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= longestSeconds) return seconds * 1000;
  throw new IsthmusError('USAGE', `--timeout "${text}" is no number of seconds above 0, and at most a day.`);
}
