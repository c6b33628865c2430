/**
 * Codecs that users bring along: modules whose exports include codecs. They are registered for this thread; each worker
 * thread loads them for itself.
 */
import type { Codec } from './codec.ts';
import { registerCodec } from './registry.ts';

/** Loads modules by URL and registers every codec that they export. Rejects with an Error that names the module. */
export async function registerCodecModules(urls: readonly string[]): Promise<readonly Codec[]> {
  const found: Codec[] = [];
  for (const url of urls) found.push(...(await loadCodecs(url)));
  for (const codec of found) registerCodec(codec);
  return found;
}

async function loadCodecs(url: string): Promise<readonly Codec[]> {
  const exports = Object.values(await importModule(url));
  const codecs = exports.filter(isCodec);
  if (codecs.length > 0) return codecs;
  throw new TypeError(`${url} exports no codec; see codecs/README.md for what makes one`);
}

async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (cause) {
    throw new TypeError(`${url} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

const methods = ['decoder', 'reader', 'list', 'rewriteId', 'mutate', 'errorReply', 'heartbeatReply'] as const;

function isCodec(value: unknown): value is Codec {
  if (typeof value !== 'object' || value === null) return false;
  const candidate: Readonly<Record<string, unknown>> = { ...value };
  return (
    typeof candidate.name === 'string' &&
    typeof candidate.capabilities === 'object' &&
    typeof candidate.properties === 'object' &&
    methods.every((method) => typeof candidate[method] === 'function')
  );
}
