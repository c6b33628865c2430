/** The chart as we render it by a file of values, with the words of Helm where it names who installs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { renderChart } from '../../../src/cluster-commands/install/chart.ts';
import { isMap, type PlainMap } from '../../../src/resources/plain-values.ts';

export const valuesFolder = path.join(import.meta.dirname, 'values');

export function renderedBy(file: string): readonly PlainMap[] {
  const values = load(readFileSync(file, 'utf8'));
  return renderChart({
    name: 'isthmus',
    namespace: 'isthmus-system',
    service: 'Helm',
    values: isMap(values) ? [values] : [],
    hasKind: () => true,
    lookup: () => ({}),
  });
}
