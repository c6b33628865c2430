/** Which codec a command means: a built-in one by its name, or one that a manifest describes. */
import { load } from 'js-yaml';
import type { Codec } from '../../codecs/codec.ts';
import { findCodec } from '../../codecs/registry.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { readNamedFile } from './named-files.ts';

export interface CodecFlags {
  /** With or without its prefix. */
  readonly codec?: string;
  /** Of a ProtocolCodec manifest; it comes first. */
  readonly filename?: string;
}

/** Throws USAGE where none is meant, and BAD_DATA where the manifest describes none. */
export async function chooseCodec(flags: CodecFlags): Promise<Codec> {
  if (flags.filename !== undefined) return codecOfManifest(flags.filename);
  if (flags.codec === undefined) throw new IsthmusError('USAGE', 'Give --codec NAME or -f MANIFEST.');
  const found = findCodec(flags.codec) ?? findCodec(`aeraki.meta_protocol.codec.${flags.codec}`);
  if (found !== undefined && 'codec' in found) return found.codec;
  throw new IsthmusError('USAGE', `There is no codec "${flags.codec}". "isthmus codec list" shows what there is.`);
}

async function codecOfManifest(file: string): Promise<Codec> {
  const manifest = await readManifest(file);
  const found = findCodec(manifest.name, manifest.spec);
  if (found !== undefined && 'codec' in found) return found.codec;
  const problems = found?.problems.map((problem) => `spec.${problem.path}: ${problem.message} ${problem.remedy}`) ?? [];
  throw new IsthmusError('BAD_DATA', `${file}: the codec does not compile.\n${problems.join('\n')}`);
}

async function readManifest(file: string): Promise<{ readonly name: string; readonly spec: unknown }> {
  const value = parseYaml(file, (await readNamedFile(file, '-f')).toString('utf8'));
  if (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'ProtocolCodec' &&
    'spec' in value
  ) {
    const metadata: unknown = 'metadata' in value ? value.metadata : undefined;
    const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : file;
    return { name, spec: value.spec };
  }
  throw new IsthmusError('BAD_DATA', `${file} holds no ProtocolCodec.`);
}

function parseYaml(file: string, text: string): unknown {
  try {
    return load(text, { filename: file });
  } catch (error) {
    throw new IsthmusError('BAD_DATA', `${file} is not one YAML document: ${messageOf(error)}`, { cause: error });
  }
}
