/** Tells a file that is being written, or was damaged, from one that its user changed. */
import type { KnownDocument, ManifestReading, ReadDocumentState } from './manifest-reading.ts';

/** What is in force of a file. */
export interface KnownFile {
  readonly fingerprint: string;
  readonly documents: readonly KnownDocument[];
  /** Keys that stay in force although no readable document of the file gives them any more. */
  readonly held: readonly string[];
  readonly endsWithNewline: boolean;
  readonly linesOfLastDocument: number;
}

/** Programs write in whole blocks: a file that ends at such a boundary may have more to come. */
const blockBytes = 4096;

/**
 * Why this content should not be believed before it has stood still; undefined where it is plausible at once. A file that
 * its writer has finished may look half-written and is not.
 */
export function findDoubt(
  known: KnownFile | undefined,
  reading: ManifestReading,
  isFinished: boolean,
): string | undefined {
  if (reading.isEmpty) return 'it is empty';
  if (reading.documents.some(isNewlyUnidentified)) return 'a document in it cannot be read';
  return findLoss(known, reading) ?? (isFinished ? undefined : findTear(known, reading));
}

function findLoss(known: KnownFile | undefined, reading: ManifestReading): string | undefined {
  if (known === undefined) return undefined;
  const kept = new Set(findHeld(known, reading.documents));
  for (const { state } of reading.documents) for (const key of state.keys) kept.add(key);
  const lost = keysOf(known).find((key) => !kept.has(key));
  return lost === undefined ? undefined : `${lost} is missing`;
}

/** Signs that more is to come. */
function findTear(known: KnownFile | undefined, reading: ManifestReading): string | undefined {
  if (reading.bytes % blockBytes === 0) return 'it ends where a half-written file would';
  if (!reading.endsWithNewline && known?.endsWithNewline !== false) return 'its last line does not end';
  const last = reading.documents.at(-1);
  const isLastShorter =
    last?.resources !== undefined && reading.linesOfLastDocument < (known?.linesOfLastDocument ?? 0);
  return isLastShorter ? 'its last document became shorter' : undefined;
}

function isNewlyUnidentified({ state, resources }: ReadDocumentState): boolean {
  return state.isUnidentified && resources !== undefined;
}

export function keysOf(known: KnownFile): readonly string[] {
  return [...known.documents.flatMap((document) => document.keys), ...known.held];
}

/**
 * Keys of a file that stay in force because its new content may still mean them: an object that was refused keeps its last
 * good version, and when a document comes that does not tell what it is, every object that went may be the one in it.
 */
export function findHeld(known: KnownFile | undefined, documents: readonly ReadDocumentState[]): readonly string[] {
  if (known === undefined) return [];
  const present = new Set(documents.flatMap(({ state }) => state.keys));
  const refused = documents.flatMap(({ state }) => state.refused);
  const held = new Set(documents.some(({ state }) => state.isUnidentified) ? known.held : []);
  const mayBeAny = documents.some(isNewlyUnidentified);
  return keysOf(known).filter(
    (key) => !present.has(key) && (mayBeAny || refused.some((one) => isMeant(one, key)) || held.has(key)),
  );
}

function isMeant(refused: string, key: string): boolean {
  return refused === key || (refused.startsWith('/') && key.endsWith(refused));
}
