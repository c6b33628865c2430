/** What the chart becomes by each file of values, but for the definitions of kinds. UPDATE_GOLDEN=1 writes it anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dump } from 'js-yaml';
import { expect, test } from 'vitest';
import { renderedBy, valuesFolder } from './chart/rendered-chart.ts';

const root = path.resolve(import.meta.dirname, '../..');

test('the definitions that Helm finds in the chart are those of crds/', () => {
  expect(readdirSync(path.join(root, 'deploy/helm/isthmus/definitions'))).toEqual(readdirSync(path.join(root, 'crds')));
});

test.each(readdirSync(valuesFolder))('values %s make of the chart what they made', (file) => {
  const manifests = renderedBy(path.join(valuesFolder, file)).filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const text = manifests.map((one) => dump(one, { lineWidth: -1, noRefs: true })).join('---\n');
  const golden = path.join(import.meta.dirname, 'chart/out', file);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});
