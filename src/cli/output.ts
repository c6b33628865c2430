/** Printers. Standard output is data, standard error is talk. Tables are for people; JSON and YAML are stable. */

import { InvalidArgumentError, Option } from 'commander';
import { dump } from 'js-yaml';
import { visibleText } from '../model/visible-text.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number | undefined;
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table, json or yaml').choices(['table', 'json', 'yaml']).default('table');
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function formatYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

/** Several YAML documents in one stream. */
export function formatYamlDocuments(values: readonly unknown[]): string {
  return values.map(formatYaml).join('---\n');
}

function formatTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map((column) => visibleText(String(column.value(row) ?? ''))));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (values: readonly string[]): string =>
    values
      .map((value, i) => value.padEnd(widths[i] ?? 0))
      .join('   ')
      .trimEnd();
  return `${[line(columns.map((column) => column.title)), ...cells.map(line)].join('\n')}\n`;
}

/** Prints rows as a table, or the whole value as JSON or YAML. */
export function printRows<T>(format: OutputFormat, rows: readonly T[], columns: readonly Column<T>[]): void {
  if (format === 'json') print(formatJson(rows));
  else if (format === 'yaml') print(formatYaml(rows));
  else print(formatTable(rows, columns));
}

export function printValue(format: OutputFormat, value: unknown): void {
  print(format === 'json' ? formatJson(value) : formatYaml(value));
}

export function parsePositiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a whole number of at least 1');
  return value;
}

/** 0 and fractions count. */
export function parseSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 86_400))
    throw new InvalidArgumentError('expected seconds, at most a day');
  return value;
}

export function parseLabels(text: string, previous: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}
