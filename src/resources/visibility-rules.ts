/** exportTo: `*` for all, `~` for none, or a list of `.` (the object's own) and namespaces. */
import { isDnsLabel } from './kubernetes-names.ts';
import { type Problems, quote } from './problem.ts';

/** Undefined stands for "not written". `own` is the object's namespace, which `.` means too. */
export function checkExportTo(
  exportTo: readonly string[] | undefined,
  own: string | undefined,
  problems: Problems,
): void {
  const seen = new Set<string>();
  exportTo?.forEach((entry, index) => {
    const path = ['spec', 'exportTo', index];
    const alone = entry === '*' || entry === '~';
    if (alone && exportTo.length > 1) problems.add('ISTH0205', path, `${quote(entry)} must stand alone.`);
    if (!alone && entry !== '.' && !isDnsLabel(entry)) {
      problems.add('ISTH0205', path, `${quote(entry)} is no name of a namespace.`);
    }
    const namespace = entry === '.' && own !== undefined ? own : entry;
    if (seen.has(namespace)) problems.add('ISTH0205', path, `${quote(entry)} is named twice.`);
    seen.add(namespace);
  });
}
