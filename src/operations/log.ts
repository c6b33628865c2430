/**
 * Logs: constant messages with key-values. JSON lines for machines; one readable line for people on a terminal.
 * Secrets never get here: callers log objects of the model, which hold none.
 */
import pino from 'pino';
import { visibleText } from '../model/visible-text.ts';

export type Logger = pino.Logger;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly format: 'text' | 'json';
  readonly level: LogLevel;
}

export function createLogger(options: LogOptions, write: (line: string) => void = writeToStandardError): Logger {
  const stream = options.format === 'json' ? { write } : { write: (line: string) => write(readable(line)) };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

function writeToStandardError(line: string): void {
  process.stderr.write(line);
}

/** `12:00:01 WARN  message key=value`. */
function readable(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg?: string } & Record<
    string,
    unknown
  >;
  const label = (pino.levels.labels[level] ?? String(level)).toUpperCase().padEnd(5);
  // What others wrote stands in values, and may not look like a line of ours.
  const pairs = Object.entries(rest).map(
    ([key, value]) => `${key}=${visibleText(typeof value === 'string' ? value : JSON.stringify(value))}`,
  );
  const message = (msg ?? '').split('\n').map(visibleText).join('\n');
  return `${[time.slice(11, 19), label, message, ...pairs].join(' ')}\n`;
}
