/** Logging flags that long-running commands share. */
import { Option } from 'commander';

export function logOptions(): Option[] {
  return [
    new Option('--log-format <format>', 'text or json')
      .env('ISTHMUS_LOG_FORMAT')
      .choices(['text', 'json'])
      .default(process.stderr.isTTY ? 'text' : 'json'),
    new Option('--log-level <level>', 'debug, info, warn or error')
      .env('ISTHMUS_LOG_LEVEL')
      .choices(['debug', 'info', 'warn', 'error'])
      .default('info'),
  ];
}
