/**
 * The roots of an authority that others look after (in files, or over the network): they change them when they like, and we see
 * to the overlap. A new root is trusted at once, and leaves of it are used when proxies had time to learn of it; one that is
 * gone stays trusted until its last leaf has ended. Kept in the state folder: a restart forgets neither.
 */

import { orderCertificates, readCertificates } from '../certificates/certificate-text.ts';
import type { Clock } from '../model/clock.ts';
import { IsthmusError } from '../model/errors.ts';
import { type Finding, finding, type ObjectRef } from '../model/finding.ts';

/** A value in the state folder: see delivery/files/sealed-file.ts. */
export interface ValueFile {
  readonly place: string;
  readonly remedy: string;
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
}

export interface KeptRootsOptions {
  readonly file: ValueFile;
  readonly clock: Clock;
  readonly longestLeafMs: number;
  /** How long a new root is trusted before leaves of it are used. */
  readonly settleMs: number;
}

/** Times in milliseconds since the epoch. */
interface KeptRoot {
  readonly pem: string;
  /** When it was seen first; 0 for those of the very first look, for then there is nobody to tell. */
  readonly since: number;
  /** Set when it was gone: later than any of its leaves. */
  readonly until?: number;
}

export class KeptRoots {
  readonly #options: KeptRootsOptions;
  #kept: readonly KeptRoot[];
  #ordered: readonly string[];
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: KeptRootsOptions, kept: readonly KeptRoot[]) {
    this.#options = options;
    this.#kept = kept;
    this.#ordered = ordered(kept);
  }

  /** Throws STATE for a file that is damaged. */
  static async open(options: KeptRootsOptions): Promise<KeptRoots> {
    const json = await options.file.read();
    const kept = json === undefined ? [] : decode(json);
    if (kept !== undefined) return new KeptRoots(options, kept);
    const { place, remedy } = options.file;
    throw new IsthmusError('STATE', `${place} cannot be used: it holds no roots. ${remedy}`);
  }

  /** PEM, each once, always in one order. */
  roots(): readonly string[] {
    return this.#ordered;
  }

  /** Whether proxies had time to learn of a root. */
  isSettled(pem: string): boolean {
    const kept = this.#kept.find((root) => root.pem === pem);
    if (kept === undefined) return false;
    const now = this.#options.clock.now();
    return now >= kept.since + this.#options.settleMs;
  }

  /** Takes note of the roots that the authority has now. True when other roots are trusted than before. */
  see(current: readonly string[]): Promise<boolean> {
    const result = this.#last.then(() => this.#see(current));
    this.#last = result.catch(() => undefined);
    return result;
  }

  findings(object: ObjectRef): readonly Finding[] {
    return this.#kept.flatMap(({ until }) => {
      if (until === undefined) return [];
      return finding('ISTH1209', {
        object,
        message: `It is gone, and trusted until ${new Date(until).toISOString()}.`,
      });
    });
  }

  async #see(current: readonly string[]): Promise<boolean> {
    const { clock, settleMs, longestLeafMs, file } = this.#options;
    const now = clock.now();
    const known = new Map(this.#kept.map((root) => [root.pem, root]));
    const firstSince = known.size === 0 ? 0 : now;
    const present = current.map((pem) => ({ pem, since: known.get(pem)?.since ?? firstSince }));
    const gone = this.#kept
      .filter(({ pem }) => !current.includes(pem))
      .map((root) => ({ ...root, until: root.until ?? now + settleMs + longestLeafMs }))
      .filter(({ until }) => until > now);
    const kept = [...present, ...gone];
    if (JSON.stringify(kept) === JSON.stringify(this.#kept)) return false;
    await file.write({ roots: kept });
    const before = this.#ordered;
    this.#kept = kept;
    this.#ordered = ordered(kept);
    return before.join() !== this.#ordered.join();
  }
}

function ordered(kept: readonly KeptRoot[]): readonly string[] {
  return orderCertificates(kept.map(({ pem }) => pem));
}

function decode(json: unknown): readonly KeptRoot[] | undefined {
  const roots: unknown = typeof json === 'object' && json !== null && 'roots' in json ? json.roots : undefined;
  return Array.isArray(roots) && roots.every(isKeptRoot) ? roots : undefined;
}

function isKeptRoot(json: unknown): json is KeptRoot {
  if (typeof json !== 'object' || json === null || !('pem' in json) || !('since' in json)) return false;
  if ('until' in json && typeof json.until !== 'number') return false;
  return typeof json.pem === 'string' && typeof json.since === 'number' && isCertificate(json.pem);
}

function isCertificate(pem: string): boolean {
  try {
    return readCertificates(pem, 'it').length === 1;
  } catch {
    return false;
  }
}
