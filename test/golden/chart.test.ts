/** What the chart becomes by each file of values, but for the definitions of kinds. UPDATE_GOLDEN=1 writes it anew. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump, load } from 'js-yaml';
import { expect, test } from 'vitest';
import { renderChart, valuesOf } from '../../src/cluster-commands/install/chart.ts';
import { renderedBy, valuesFolder } from './chart/rendered-chart.ts';

const root = path.resolve(import.meta.dirname, '../..');

test('the definitions that Helm finds in the chart are those of crds/', () => {
  expect(readdirSync(path.join(root, 'deploy/helm/isthmus/definitions'))).toEqual(readdirSync(path.join(root, 'crds')));
});

/** Where a name stands that is not a text; Kubernetes takes no object with one. */
function otherThanText(value: unknown, key = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => otherThanText(one, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => otherThanText(one, /abels$/.test(key) ? 'label' : name));
  const isName = /^(name|namespace|label|values|resourceNames|secretName|priorityClassName)$/.test(key);
  return isName && typeof value !== 'string' ? [`${key}: ${String(value)}`] : [];
}

test('names that look like numbers stay texts, those of the namespace and of the release as well', () => {
  const values = readFileSync(path.join(valuesFolder, 'numbers.yaml'), 'utf8');
  const manifests = renderChart({
    name: '7',
    namespace: '42',
    service: 'Helm',
    values: [
      load(values) as Readonly<Record<string, unknown>>,
      { istioSidecars: { aliasNamespace: '17' }, rbac: { secrets: [{ namespace: '12', name: '0x34' }] } },
    ],
    hasKind: () => true,
    lookup: () => ({}),
  }).filter(({ kind }) => kind !== 'CustomResourceDefinition');
  expect(manifests.flatMap((one) => otherThanText(one))).toEqual([]);
});

test.each([
  [{ replicas: 'two' }, 'replicas: must be integer'],
  [{ injection: { proxy: 'envyo' } }, 'injection.proxy: must be one of metaproxy, envoy'],
  [{ dns: { on: true } }, 'dns.on: there is no such value'],
])('values %j are refused, and it is said what they may be', (values, words) => {
  expect(() => valuesOf({ values: [values] })).toThrow(`These values cannot be used:\n  ${words}`);
});

test('the step that makes the token of the admin address can be run again', () => {
  const pod = renderedBy(path.join(valuesFolder, 'default.yaml')).find(({ kind }) => kind === 'Deployment') as {
    spec: {
      template: { spec: { initContainers: readonly { command: readonly string[]; args: readonly string[] }[] } };
    };
  };
  const [step] = pod.spec.template.spec.initContainers;
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-token-'));
  const file = path.join(folder, 'token');
  const [, ...flags] = step?.command ?? [];
  const script = (step?.args ?? []).map((text) => text.replaceAll('/run/isthmus/admin', folder));
  const run = (): string => {
    execFileSync(process.execPath, [...flags, ...script]);
    return readFileSync(file, 'utf8');
  };
  try {
    const first = run();
    expect(first).toMatch(/^[\w-]{43}$/);
    // While it is open no other file has its number.
    const former = openSync(file, 'r');
    expect(run()).not.toBe(first);
    // Who is not root could not have written into the one that was there.
    expect(statSync(file).ino).not.toBe(fstatSync(former).ino);
    closeSync(former);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(readdirSync(valuesFolder))('values %s make of the chart what they made', (file) => {
  const manifests = renderedBy(path.join(valuesFolder, file)).filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const text = manifests.map((one) => dump(one, { lineWidth: -1, noRefs: true })).join('---\n');
  const golden = path.join(import.meta.dirname, 'chart/out', file);
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});
