/** Which codec a command means: a built-in one by its name, or one that a file of manifests describes. */
import { loadAll } from 'js-yaml';
import type { Codec } from '../../codecs/codec.ts';
import { findCodec } from '../../codecs/registry.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { endSentence } from '../model/finding.ts';
import { readNamedFile } from './named-files.ts';

export interface CodecFlags {
  /** With or without its prefix; with a file, the name of one of its ProtocolCodecs. */
  readonly codec?: string;
  /** With manifests, of which one at least is a ProtocolCodec; it comes before what is built in. */
  readonly filename?: string;
}

interface Manifest {
  readonly name: string;
  readonly spec: unknown;
}

/** Throws USAGE where none is meant, or not one, and BAD_DATA where the file describes none, or none that compiles. */
export async function chooseCodec(flags: CodecFlags): Promise<Codec> {
  if (flags.filename !== undefined) return codecOfFile(flags.filename, flags.codec);
  if (flags.codec === undefined) throw new IsthmusError('USAGE', 'Give --codec NAME or -f MANIFEST.');
  const found = findCodec(flags.codec) ?? findCodec(`aeraki.meta_protocol.codec.${flags.codec}`);
  if (found !== undefined && 'codec' in found) return found.codec;
  throw new IsthmusError('USAGE', `There is no codec "${flags.codec}". "isthmus codec list" shows what there is.`);
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
