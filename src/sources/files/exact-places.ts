/**
 * Where in its file a finding's path stands. A finding that follows from several objects knows the line at which its
 * object begins; the file itself, looked at again when somebody asks, knows the line of the field.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Finding } from '../../model/finding.ts';
import { countLines, cutDocuments } from '../../resources/document-cuts.ts';
import { placesIn } from '../../resources/document-places.ts';

/** Larger files, and more of them, are not worth the wait: their findings keep the object's line. */
const maxBytes = 4 * 1024 * 1024;
const maxFiles = 50;

/** In the order given. A file that cannot be read, or changed so that nothing stands at that line, changes nothing. */
export async function withExactPlaces(findings: readonly Finding[]): Promise<readonly Finding[]> {
  const vague = findings.filter(({ place, path }) => place !== undefined && path !== '');
  const files = [...new Set(vague.flatMap(({ place }) => place?.file ?? []))].filter((file) => file !== '-');
  const finders = new Map(
    await Promise.all(files.slice(0, maxFiles).map(async (file) => [file, await findIn(file)] as const)),
  );
  return findings.map((finding) => {
    const { place, path } = finding;
    const find = place === undefined || path === '' ? undefined : finders.get(place.file);
    const exact = place === undefined ? undefined : find?.(place.line, path);
    // A path that is not in the document has the document's own place.
    return exact === undefined || place === undefined || exact.line <= place.line
      ? finding
      : { ...finding, place: exact };
  });
}

type FindPlace = (line: number, path: string) => Finding['place'];

async function findIn(file: string): Promise<FindPlace | undefined> {
  try {
    const look = await stat(file);
    if (!look.isFile() || look.size > maxBytes) return undefined;
    const documents = [...cutDocuments(await readFile(file))].map(({ line, bytes }) => ({
      first: line,
      last: line + countLines(bytes),
      find: placesIn(bytes.toString(), file, line),
    }));
    return (line, path) => documents.find(({ first, last }) => line >= first && line <= last)?.find(path);
  } catch {
    return undefined;
  }
}
