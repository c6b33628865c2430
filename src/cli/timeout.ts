/** `--timeout`: how long a command may take, `--request-timeout`: one answer of an API server. Read before anything is done. */
import { Option } from 'commander';
import { IsthmusError } from '../model/errors.ts';

const longestSeconds = 86_400;

/** Its value is in milliseconds. */
export function timeoutOption(description: string, seconds: number): Option {
  return new Option('--timeout <seconds>', description)
    .argParser((text) => parseTimeout('--timeout', text))
    .default(seconds * 1000, String(seconds));
}

/** As kubectl calls it; its value is in milliseconds. */
export function requestTimeoutOption(): Option {
  return new Option('--request-timeout <seconds>', 'how long to wait for each answer of the API server')
    .env('ISTHMUS_REQUEST_TIMEOUT')
    .argParser((text) => parseTimeout('--request-timeout', text.replace(/s$/, '')))
    .default(10_000, '10');
}

function parseTimeout(option: string, text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= longestSeconds) return seconds * 1000;
  throw new IsthmusError('USAGE', `${option} "${text}" is no number of seconds above 0, and at most a day.`);
}
