/**
 * Which file stands for which object. What is in force stays: an object that is written once more comes from where it came
 * from before, and the other one waits until that goes, in order of path. At the start the first path counts, and in a file
 * the first document. Values live in the tables; only those that wait are kept here.
 */
import type { AnyResource } from '../../resources/kinds.ts';

export interface Claim {
  readonly file: string;
  /** Of the document in the file. */
  readonly position: number;
  readonly line: number;
  /** Of the document's bytes: equal where it has not changed. */
  readonly hash: string;
  /** Held here as long as the claim waits. */
  readonly waiting?: AnyResource;
}

/** What a file says of one key: a value that was read just now, or undefined for the one that its document gave before. */
export interface Statement {
  readonly key: string;
  readonly position: number;
  readonly line: number;
  readonly hash: string;
  readonly resource: AnyResource | undefined;
}

export interface ObjectSink {
  get(key: string): AnyResource | undefined;
  set(resource: AnyResource): void;
  delete(key: string): void;
}

export class ObjectClaims {
  readonly #claims = new Map<string, readonly Claim[]>();

  /** The first one stands. */
  claimsOn(key: string): readonly Claim[] {
    return this.#claims.get(key) ?? [];
  }

  /**
   * Replaces all that a file says, and brings the sink up to date; gives the keys on which several claims stand or stood. Of
   * files that are new together, the one that is replaced first stands.
   */
  replace(
    file: string,
    before: readonly string[],
    statements: readonly Statement[],
    sink: ObjectSink,
  ): ReadonlySet<string> {
    const contested = new Set<string>();
    const byKey = Map.groupBy(statements, (statement) => statement.key);
    for (const key of new Set([...before, ...byKey.keys()])) {
      const claims = this.claimsOn(key);
      const after = this.#replaceOn(key, file, byKey.get(key) ?? [], sink);
      if (claims.length > 1 || after.length > 1) contested.add(key);
    }
    return contested;
  }

  #replaceOn(key: string, file: string, statements: readonly Statement[], sink: ObjectSink): readonly Claim[] {
    const claims = this.claimsOn(key);
    const standing = claims[0];
    const resourceOf = (claim: Claim): AnyResource | undefined => (claim === standing ? sink.get(key) : claim.waiting);
    const mine = claims.filter((claim) => claim.file === file);
    const stated = statements.map(({ position, line, hash, resource }) => {
      const previous = mine.find((claim) => claim.hash === hash);
      const kept = previous === undefined ? undefined : relocate(resourceOf(previous), file, line - previous.line);
      return { file, position, line, hash, value: resource ?? kept };
    });
    const others = claims
      .filter((claim) => claim.file !== file)
      .map((claim) => ({ ...claim, value: resourceOf(claim) }));
    const [winner, ...losers] = [...stated, ...others].filter(({ value }) => value !== undefined).sort(after(standing));
    if (winner?.value === undefined) {
      this.#claims.delete(key);
      sink.delete(key);
      return [];
    }
    if (winner.value !== sink.get(key)) sink.set(winner.value);
    const now = [claimOf(winner, undefined), ...losers.map((loser) => claimOf(loser, loser.value))];
    this.#claims.set(key, now);
    return now;
  }
}

function claimOf({ file, position, line, hash }: Claim, waiting: AnyResource | undefined): Claim {
  return { file, position, line, hash, ...(waiting === undefined ? {} : { waiting }) };
}

/** The file that stands first, then by place. */
function after(standing: Claim | undefined): (a: Claim, b: Claim) => number {
  const rank = ({ file }: Claim): number => (file === standing?.file ? 0 : 1);
  return (a, b) => rank(a) - rank(b) || byPlace(a, b);
}

function byPlace(a: Claim, b: Claim): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.position - b.position;
}

/** The same object, so many lines further down. */
function relocate(resource: AnyResource | undefined, file: string, by: number): AnyResource | undefined {
  const place = resource?.metadata.place;
  if (resource === undefined || place === undefined || by === 0 || place.file !== file) return resource;
  const metadata = { ...resource.metadata, place: { ...place, line: place.line + by } };
  // Spelled out for each kind, the copy would be the same: only metadata, which all kinds share, is another.
  return { ...resource, metadata };
}
