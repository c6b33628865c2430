/**
 * The Helm chart of this installation, rendered without Helm: the chart is the one place where it is written what is
 * installed, and who installs it by Helm gets the same.
 *
 *   values.yaml + what the user gives --> held to values.schema.json --> templates --> manifests
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { load, loadAll } from 'js-yaml';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { type Lookup, templateFunctions } from './templates/functions.ts';
import { Rendering } from './templates/rendering.ts';
import { parseTemplate } from './templates/syntax.ts';
import { mergeValues } from './values.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** Who installs it. */
  readonly service: string;
  /** What differs from the chart's own values; later ones win. */
  readonly values: readonly PlainMap[];
  /** What the cluster knows, as `group/version/Kind`. */
  readonly hasKind: (kind: string) => boolean;
  readonly lookup: Lookup;
}

/** The chart's values with those of the user. Throws BAD_DATA where the chart's schema refuses them. */
export function valuesOf({ values }: Pick<Release, 'values'>): PlainMap {
  const merged = [readYaml('values.yaml'), ...values].reduce(mergeValues);
  const validate = new Ajv({ strict: false, allErrors: true, verbose: true, logger: false }).compile(
    readYaml('values.schema.json'),
  );
  if (validate(merged)) return merged;
  const faults = (validate.errors ?? []).map((fault) => {
    const { instancePath, message = '', params } = fault;
    const extra: unknown = params.additionalProperty;
    const allowed: unknown = params.allowedValues;
    const wrong = Array.isArray(allowed)
      ? `must be one of ${allowed.join(', ')}`
      : `${message}${isUnquoted(fault) ? ': --set-string takes it as one, as a file of values does where it is in quotes' : ''}`;
    const where = [...instancePath.split('/').slice(1), ...(typeof extra === 'string' ? [extra] : [])].join('.');
    return `  ${where}: ${typeof extra === 'string' ? 'there is no such value' : wrong}`;
  });
  throw new IsthmusError('BAD_DATA', `These values cannot be used:\n${[...new Set(faults)].join('\n')}`);
}

/** Of what is to be a text: one that was read as a number, or as true or false. */
function isUnquoted({ keyword, params, data }: ErrorObject): boolean {
  return keyword === 'type' && params.type === 'string' && (typeof data === 'number' || typeof data === 'boolean');
}

/** In the order of the chart's files. Throws BAD_DATA for values that cannot be used. */
export function renderChart(release: Release): readonly PlainMap[] {
  const { version, appVersion } = readYaml('Chart.yaml');
  const definitions = filesUnder(path.join(packageFolder(), 'crds'), 'definitions');
  const context = {
    Values: valuesOf(release),
    Release: { Name: release.name, Namespace: release.namespace, Service: release.service },
    Chart: { Name: 'isthmus', Version: version, AppVersion: appVersion },
    Capabilities: { APIVersions: { Has: (kind: string) => release.hasKind(kind) } },
    Files: {
      // The one pattern that the chart has.
      Glob: () => Object.fromEntries(definitions),
      Get: (file: string) => definitions.get(file) ?? '',
    },
  };
  const templates = [...filesUnder(path.join(chartFolder(), 'templates'), 'templates')]
    .filter(([file]) => !file.endsWith('.txt'))
    .map(([file, text]) => ({ file, parsed: parseTemplate(file, text) }));
  const rendering = new Rendering(
    templates.map(({ parsed }) => parsed),
    templateFunctions(release.lookup),
  );
  return templates
    .filter(({ file }) => !path.basename(file).startsWith('_'))
    .flatMap(({ file, parsed }) => manifestsIn(file, rendering.render(parsed.nodes, context)));
}

function manifestsIn(file: string, text: string): readonly PlainMap[] {
  try {
    return loadAll(text).filter(isMap);
  } catch (cause) {
    throw new IsthmusError('INTERNAL', `${file} does not become YAML: ${messageOf(cause)}`, { cause });
  }
}

/** Text by path, in order. */
function filesUnder(folder: string, name: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files
      .map((entry): [string, string] => [`${name}/${entry.name}`, readFileSync(path.join(folder, entry.name), 'utf8')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function readYaml(file: string): PlainMap {
  const value: unknown = load(readFileSync(path.join(chartFolder(), file), 'utf8'));
  if (isMap(value)) return value;
  throw new IsthmusError('INTERNAL', `The chart's ${file} holds no map.`);
}

function chartFolder(): string {
  return path.join(packageFolder(), 'deploy/helm/isthmus');
}

/** Up from this file, be it a source, or part of the bundle. */
function packageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'deploy/helm/isthmus/Chart.yaml'))) return folder;
    if (folder === path.dirname(folder)) throw new IsthmusError('INTERNAL', 'The installation lacks its chart.');
  }
}
