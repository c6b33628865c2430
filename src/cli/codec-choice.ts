/** Which codec a command means: a built-in one by its name, one of a module, or one that a file of manifests describes. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadAll } from 'js-yaml';
import type { Codec } from '../../codecs/codec.ts';
import { registerCodecModules } from '../../codecs/codec-modules.ts';
import { findCodec } from '../../codecs/registry.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { endSentence } from '../model/finding.ts';
import { readNamedFile, requireReadable } from './named-files.ts';

export interface CodecFlags {
  /**
   * A name, with or without its prefix, and modules, as metaproxy takes them; the name then is one of theirs. With a file
   * of manifests, the name of one of its ProtocolCodecs.
   */
  readonly codec?: readonly string[];
  /** With manifests, of which one at least is a ProtocolCodec; it comes before what is built in. */
  readonly filename?: string;
}

interface Manifest {
  readonly name: string;
  readonly spec: unknown;
}

/**
 * Throws USAGE where none is meant, or not one, and BAD_DATA where the file describes none, or none that compiles, or the
 * module exports none. A module is run: it is the user's own code, with all that the user may do.
 */
export async function chooseCodec({ codec = [], filename }: CodecFlags): Promise<Codec> {
  const modules = filename === undefined ? codec.filter(isModule) : [];
  const [name, another] = codec.filter((one) => !modules.includes(one));
  if (another !== undefined) throw new IsthmusError('USAGE', `--codec names two codecs: ${name} and ${another}.`);
  if (filename !== undefined) return codecOfFile(filename, name);
  if (modules.length > 0) return codecOfModules(modules, name);
  if (name === undefined) throw new IsthmusError('USAGE', 'Give --codec NAME, --codec MODULE or -f MANIFEST.');
  const found = findCodec(name) ?? findCodec(`aeraki.meta_protocol.codec.${name}`);
  if (found !== undefined && 'codec' in found) return found.codec;
  throw new IsthmusError(
    'USAGE',
    `There is no codec "${name}". "isthmus codec list" shows what there is; a module of your own is named by its path, as ./my-codec.ts.`,
  );
}

/** A path, or a file's name that Node could run: no codec is called so. */
function isModule(nameOrModule: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(nameOrModule);
}

async function codecOfModules(modules: readonly string[], wanted: string | undefined): Promise<Codec> {
  await requireReadable(modules, '--codec');
  const urls = modules.map((file) => pathToFileURL(path.resolve(file)).href);
  const exported = await registerCodecModules(urls).catch((error: unknown) => {
    throw new IsthmusError('BAD_DATA', `--codec: ${endSentence(messageOf(error))}`, { cause: error });
  });
  // A module may export a codec under two names.
  const fitting = [...new Set(exported)].filter(({ name }) => wanted === undefined || name === wanted);
  const [one, another] = fitting;
  if (one !== undefined && another === undefined) return one;
  const all = exported.map(({ name }) => name).join(', ');
  const files = modules.join(', ');
  if (one === undefined)
    throw new IsthmusError('USAGE', `${files} exports no codec "${wanted}". What is exported: ${all}.`);
  throw new IsthmusError('USAGE', `${files} exports several codecs: ${all}. Choose one with --codec NAME beside it.`);
}

async function codecOfFile(file: string, wanted: string | undefined): Promise<Codec> {
  const described = await readManifests(file);
  const { name, spec } = theOne(file, described, wanted);
  // What describes nothing is still no name of a built-in codec.
  const found = findCodec(name, spec ?? {});
  if (found !== undefined && 'codec' in found) return found.codec;
  const problems =
    found?.problems.map(({ path, message, remedy }) => `spec.${path}: ${endSentence(message)} ${remedy}`) ?? [];
  throw new IsthmusError('BAD_DATA', `${file}: the codec does not compile.\n${problems.join('\n')}`);
}

function theOne(file: string, described: readonly Manifest[], wanted: string | undefined): Manifest {
  if (described.length === 0) throw new IsthmusError('BAD_DATA', `${file} holds no ProtocolCodec.`);
  const fitting = wanted === undefined ? described : described.filter(({ name }) => name === wanted);
  const [one, another] = fitting;
  if (one !== undefined && another === undefined) return one;
  const all = described.map(({ name }) => name).join(', ');
  if (one === undefined)
    throw new IsthmusError('USAGE', `${file} holds no ProtocolCodec "${wanted}". It describes: ${all}.`);
  if (wanted !== undefined) throw new IsthmusError('BAD_DATA', `${file} holds several ProtocolCodecs "${wanted}".`);
  throw new IsthmusError('USAGE', `${file} holds several ProtocolCodecs: ${all}. Choose one with --codec NAME.`);
}

/** The ProtocolCodecs of a file, whatever else is in it. */
async function readManifests(file: string): Promise<readonly Manifest[]> {
  const text = (await readNamedFile(file, '-f')).toString('utf8');
  return parseYaml(file, text).flatMap((value) => {
    if (fieldOf(value, 'kind') !== 'ProtocolCodec') return [];
    const name = fieldOf(fieldOf(value, 'metadata'), 'name');
    return [{ name: typeof name === 'string' ? name : file, spec: fieldOf(value, 'spec') }];
  });
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field)
    ? Reflect.get(value, field)
    : undefined;
}

function parseYaml(file: string, text: string): readonly unknown[] {
  try {
    return loadAll(text, { filename: file });
  } catch (error) {
    throw new IsthmusError('BAD_DATA', `${file} is not YAML: ${endSentence(messageOf(error))}`, { cause: error });
  }
}
