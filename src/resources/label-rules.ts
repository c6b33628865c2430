/** Labels and selectors, by Kubernetes' syntax. */
import { isLabelKey, isLabelValue } from './kubernetes-names.ts';
import { type Path, type Problems, quote } from './problem.ts';

export function checkLabels(labels: Readonly<Record<string, string>>, path: Path, problems: Problems): void {
  // No list of entries: this runs for every endpoint of a mesh. A plain map inherits nothing enumerable.
  for (const key in labels) {
    const value = labels[key] ?? '';
    if (!isLabelKey(key)) problems.add('ISTH0204', [...path, key], `${quote(key)} is no label's key.`);
    else if (!isLabelValue(value)) problems.add('ISTH0204', [...path, key], `${quote(value)} is no label's value.`);
  }
}
