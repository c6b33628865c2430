/**
 * The roots of other trust domains, from files that somebody else replaces. A file is read anew every few seconds; one that is
 * half-written or gone leaves what was read last in force. A trust domain that is not named any more is believed no more.
 *
 *   file --another text than is in force--> read again a moment later --the same text--> in force, or a finding
 *                                                     '-- another one: somebody writes; read again a moment later
 */
import { open } from 'node:fs/promises';
import type { Clock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { Logger } from '../../operations/log.ts';
import type { TrustBundles } from '../../security/trust-bundles.ts';

interface BundleFile {
  readonly trustDomain: string;
  readonly file: string;
}

const lookEveryMs = 5_000;
/** A file of several certificates may be written one by one, and be whole at each look. */
const lookAgainMs = 1_000;
const maxBytes = 1024 * 1024;

export class TrustBundleFiles {
  readonly #bundles: Pick<TrustBundles, 'federate' | 'part'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #wanted: readonly BundleFile[] = [];
  readonly #faults = new Map<string, string>();
  /** By trust domain. */
  readonly #texts = new Map<string, FileText>();
  #cancelLook: () => void = () => {};
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(bundles: Pick<TrustBundles, 'federate' | 'part'>, clock: Clock, log: Logger) {
    this.#bundles = bundles;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when each has been looked at. */
  want(wanted: readonly BundleFile[]): Promise<void> {
    const names = new Set(wanted.map(({ trustDomain }) => trustDomain));
    for (const { trustDomain } of this.#wanted) {
      if (names.has(trustDomain)) continue;
      this.#bundles.part(trustDomain);
      this.#faults.delete(trustDomain);
      this.#texts.delete(trustDomain);
    }
    this.#wanted = wanted;
    return this.#look();
  }

  findings(): readonly Finding[] {
    return [...this.#faults].map(([trustDomain, message]) =>
      finding('ISTH1214', { object: { kind: 'TrustDomain', name: trustDomain }, message }),
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
  }

  #look(): Promise<void> {
    this.#last = this.#last.then(async () => {
      this.#cancelLook();
      let nextMs = lookEveryMs;
      for (const one of this.#wanted) if ((await this.#read(one)) === 'changing') nextMs = lookAgainMs;
      this.#cancelLook();
      if (!this.#isClosed && this.#wanted.length > 0)
        this.#cancelLook = this.#clock.after(nextMs, () => void this.#look());
    });
    return this.#last;
  }

  async #read({ trustDomain, file }: BundleFile): Promise<'changing' | 'known'> {
    try {
      const text = await readBounded(file);
      // It may be named no more, or with another file, by now.
      if (!this.#wanted.some((one) => one.trustDomain === trustDomain && one.file === file)) return 'known';
      if (!this.#isWhole(trustDomain, file, text)) return 'changing';
      this.#bundles.federate(trustDomain, text);
      this.#texts.set(trustDomain, { file, taken: text });
      this.#faults.delete(trustDomain);
    } catch (error) {
      const fault = `${file}: ${messageOf(error)}.`;
      if (this.#faults.get(trustDomain) !== fault) this.#log.warn({ trustDomain }, `bundle not taken: ${fault}`);
      this.#faults.set(trustDomain, fault);
    }
    return 'known';
  }

  /** The first text of a file counts at once; another one when it is met for the second time. */
  #isWhole(trustDomain: string, file: string, text: string): boolean {
    const known = this.#texts.get(trustDomain);
    if (known === undefined || known.file !== file || known.taken === text || known.changed === text) return true;
    this.#texts.set(trustDomain, { ...known, changed: text });
    return false;
  }
}

/** What was read of a file. */
interface FileText {
  readonly file: string;
  /** In force. */
  readonly taken: string;
  /** What it was changed to, as it was met at the last look. */
  readonly changed?: string;
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxBytes) throw new IsthmusError('BAD_DATA', `it has more than ${maxBytes} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
