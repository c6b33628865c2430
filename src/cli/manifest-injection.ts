/** What `isthmus inject` prints: each document of a file, those that make Pods with a proxy in them, or without it again. */
import { IsthmusError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { type Cut, cutDocuments } from '../resources/document-cuts.ts';
import { readDocument } from '../resources/documents.ts';
import { isMap } from '../resources/plain-values.ts';
import { defaultInjectionSettings, type InjectionSettings } from '../translate/injection/injection-settings.ts';
import { injectWorkload, makesPods, uninjectWorkload, workloadRef } from '../translate/injection/workload-injection.ts';
import { readInjectionSettings } from './injection-settings.ts';
import { formatYaml, say } from './output.ts';

export interface InjectionFlags {
  /** Where the manifests come from, for messages; - is standard input. */
  readonly filename: string;
  readonly settings?: string;
  readonly proxy?: InjectionSettings['proxy'];
  readonly image?: string;
  readonly controlPlane?: string;
  readonly interception: boolean;
  readonly namespace: string;
  readonly uninject: boolean;
}

export interface InjectedManifests {
  readonly printed: string;
  readonly findings: readonly Finding[];
}

interface InjectedDocument extends InjectedManifests {
  readonly isEmpty: boolean;
}

/** Throws BAD_DATA for a document that cannot be read, and where there is none, USAGE for settings that are none. */
export async function injectManifests(bytes: Buffer, flags: InjectionFlags): Promise<InjectedManifests> {
  const settings = await settingsOf(flags);
  const outcomes = [...cutDocuments(bytes)].map((cut) => injectDocument(cut, flags, settings));
  if (outcomes.every(({ isEmpty }) => isEmpty))
    throw new IsthmusError('BAD_DATA', `${nameOf(flags)} holds no object: there is nothing to inject.`);
  return {
    printed: outcomes.map(({ printed }) => printed).join('---\n'),
    findings: outcomes.flatMap(({ findings }) => findings),
  };
}

async function settingsOf({
  settings,
  proxy,
  image,
  controlPlane,
  interception,
}: InjectionFlags): Promise<InjectionSettings> {
  const read = settings === undefined ? defaultInjectionSettings : await readInjectionSettings(settings, '--settings');
  return {
    ...read,
    ...(proxy === undefined ? {} : { proxy }),
    ...(image === undefined ? {} : { image }),
    ...(controlPlane === undefined ? {} : { controlPlane }),
    ...(interception ? {} : { interception }),
  };
}

function injectDocument(cut: Cut, flags: InjectionFlags, settings: InjectionSettings): InjectedDocument {
  const text = cut.bytes.toString('utf8');
  const asIs = { printed: text.endsWith('\n') ? text : `${text}\n`, findings: [] };
  const reading = readDocument(text);
  if (reading.kind === 'refused') {
    const { line, column, message } = reading.problem;
    throw new IsthmusError(
      'BAD_DATA',
      `${nameOf(flags)}:${cut.line + line}:${column}: ${message}. Nothing was printed.`,
    );
  }
  if (reading.kind === 'empty') return { ...asIs, isEmpty: true };
  const { value, findings } = injectValue(reading.value, flags, settings);
  return { printed: value === reading.value ? asIs.printed : formatYaml(value), findings, isEmpty: false };
}

function nameOf({ filename }: InjectionFlags): string {
  return filename === '-' ? 'standard input' : filename;
}

interface InjectedValue {
  /** The very value that was given where nothing is to be done. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

function injectValue(value: unknown, flags: InjectionFlags, settings: InjectionSettings): InjectedValue {
  if (isMap(value) && value.kind === 'List' && Array.isArray(value.items)) {
    const items: readonly unknown[] = value.items;
    const injected = items.map((item) => injectValue(item, flags, settings));
    const isSame = injected.every((one, index) => one.value === items[index]);
    return {
      value: isSame ? value : { ...value, items: injected.map((one) => one.value) },
      findings: injected.flatMap(({ findings }) => findings),
    };
  }
  if (!makesPods(value)) return { value, findings: [] };
  if (flags.uninject) return { value: uninjectWorkload(value) ?? value, findings: [] };
  const object = workloadRef(value, flags.namespace);
  const injection = injectWorkload(value, { settings, object, ofNamespace: {} });
  // A finding says it as well, and where.
  if (injection.kind === 'left' && injection.findings.length === 0)
    say(`${object.kind} ${object.namespace}/${object.name}: ${injection.reason}`);
  return { value: injection.kind === 'injected' ? injection.pod : value, findings: injection.findings };
}
