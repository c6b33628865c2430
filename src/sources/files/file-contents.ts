/** What is in force of each file: takes a reading that was found good, and keeps the tables equal to all files together. */
import { type Finding, finding, type ObjectRef } from '../../model/finding.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { BatchSink } from '../batch-sink.ts';
import type { OwnedFindings } from '../owned-findings.ts';
import type { SourceTables } from '../resource-tables.ts';
import type { KnownDocument, ManifestReading } from './manifest-reading.ts';
import { ObjectClaims, type Statement } from './object-claims.ts';
import { findHeld, type KnownFile, keysOf } from './plausibility.ts';

const maxFindingsOfFile = 1000;

export class FileContents {
  readonly #tables: SourceTables;
  readonly #findings: OwnedFindings;
  readonly #files = new Map<string, KnownFile>();
  readonly #claims = new ObjectClaims();

  constructor(tables: SourceTables, findings: OwnedFindings) {
    this.#tables = tables;
    this.#findings = findings;
  }

  get(path: string): KnownFile | undefined {
    return this.#files.get(path);
  }

  paths(): IterableIterator<string> {
    return this.#files.keys();
  }

  /** Puts readings in force and takes files out, inside a batch. */
  apply(
    readings: ReadonlyMap<string, { readonly fingerprint: string; readonly reading: ManifestReading }>,
    gone: Iterable<string>,
  ): void {
    const sink = new BatchSink(this.#tables);
    const contested = new Set<string>();
    for (const path of gone) {
      this.#replace(path, [], sink, contested);
      this.#files.delete(path);
      this.#findings.replace(`content ${path}`, []);
    }
    // Of files that are new together the first path counts, whichever was read first.
    const inOrder = [...readings].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [path, { fingerprint, reading }] of inOrder) this.#accept(path, fingerprint, reading, sink, contested);
    for (const key of contested) this.#findings.replace(`object ${key}`, this.#duplicates(key));
  }

  #accept(path: string, fingerprint: string, reading: ManifestReading, sink: BatchSink, contested: Set<string>): void {
    const known = this.#files.get(path);
    const documents = reading.documents.map(({ state }) => state);
    const held = findHeld(known, reading.documents);
    this.#replace(
      path,
      [...statementsOf(reading), ...this.#heldStatements(path, held, documents.length)],
      sink,
      contested,
    );
    const { endsWithNewline, linesOfLastDocument } = reading;
    this.#files.set(path, { fingerprint, documents, held, endsWithNewline, linesOfLastDocument });
    const findings = [
      ...reading.findings,
      ...documents.flatMap((one) => one.findings),
      ...heldFindings(path, held, documents),
    ];
    this.#findings.replace(`content ${path}`, findings.slice(0, maxFindingsOfFile));
  }

  #replace(path: string, statements: readonly Statement[], sink: BatchSink, contested: Set<string>): void {
    const known = this.#files.get(path);
    const before = known === undefined ? [] : keysOf(known);
    for (const key of this.#claims.replace(path, before, statements, sink)) contested.add(key);
  }

  #heldStatements(path: string, held: readonly string[], position: number): Statement[] {
    return held.flatMap((key) => {
      const claim = this.#claims.claimsOn(key).find(({ file }) => file === path);
      return claim === undefined ? [] : [{ key, position, line: claim.line, hash: claim.hash, resource: undefined }];
    });
  }

  #duplicates(key: string): readonly Finding[] {
    const [winner, ...losers] = this.#claims.claimsOn(key);
    if (winner === undefined) return [];
    return losers.map(({ file, line }) =>
      finding('ISTH0010', {
        object: objectOf(key),
        message: `It stands in ${winner.file} line ${winner.line} already, which counts.`,
        place: { file, line, column: 1 },
      }),
    );
  }
}

function statementsOf(reading: ManifestReading): Statement[] {
  return reading.documents.flatMap(({ state: { keys, line, hash }, resources }, position) => {
    const values = new Map<string, AnyResource>((resources ?? []).map((resource) => [resource.key, resource]));
    return keys.map((key) => ({ key, position, line, hash, resource: values.get(key) }));
  });
}

function heldFindings(path: string, held: readonly string[], documents: readonly KnownDocument[]): readonly Finding[] {
  if (held.length === 0) return [];
  const line = documents.find(({ isUnidentified, refused }) => isUnidentified || refused.length > 0)?.line ?? 1;
  const message = `${path} has no good version of it any more: the last one stays in force.`;
  return held.map((key) =>
    finding('ISTH0012', { object: objectOf(key), message, place: { file: path, line, column: 1 } }),
  );
}

/** From a resource's key, `kind/namespace/name`. */
function objectOf(key: string): ObjectRef {
  const [kind = '', namespace = '', ...name] = key.split('/');
  return { kind, name: name.join('/'), ...(namespace === '' ? {} : { namespace }) };
}
