/** Fields that are part of a published API and that nothing here reads yet: one finding an object, listing them all. */
import { isMap } from './plain-values.ts';
import type { Problems } from './problem.ts';

/** `patterns` are paths below spec; `*` stands for each item of a list. Reports those that are written. */
export function reportUnused(spec: object, patterns: readonly string[], problems: Problems): void {
  const unused = patterns.filter((pattern) => isWritten(spec, pattern.split('.'), 0));
  if (unused.length === 0) return;
  const names = unused.map((pattern) => `spec.${pattern.replaceAll('.*', '[]')}`).join(', ');
  problems.add('ISTH0114', ['spec'], `Nothing reads ${names} yet.`);
}

function isWritten(value: unknown, pattern: readonly string[], at: number): boolean {
  const step = pattern[at];
  if (step === undefined) return true;
  if (step === '*') return Array.isArray(value) && value.some((item) => isWritten(item, pattern, at + 1));
  return isMap(value) && Object.hasOwn(value, step) && isWritten(value[step], pattern, at + 1);
}
