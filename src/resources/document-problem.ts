/** What is wrong in a document, and where. */
import type { FindingCode } from '../model/finding-catalogue.ts';

/** Lines count from 0 at the document's first line, columns from 1. */
export interface DocumentProblem {
  readonly code: FindingCode;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Line (from 0) and column (from 1) of an offset. */
export function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 0;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', start)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}
