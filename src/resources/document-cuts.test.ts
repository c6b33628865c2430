import { describe, expect, it } from 'vitest';
import { cutDocuments } from './document-cuts.ts';

const cut = (text: string) => [...cutDocuments(Buffer.from(text))].map(({ line, bytes }) => [line, bytes.toString()]);

describe('cutting a file into documents', () => {
  it('cuts at lines of three dashes and says where each document starts', () => {
    expect(cut('a: 1\n---\nb: 2\n---\nc: 3\n')).toEqual([
      [1, 'a: 1\n'],
      [3, 'b: 2\n'],
      [5, 'c: 3\n'],
    ]);
  });

  it('skips documents that hold only comments and blanks', () => {
    expect(cut('# a licence\n\n---\n---  # nothing\n   \n---\na: 1\n---\n')).toEqual([[7, 'a: 1\n']]);
    expect(cut('')).toEqual([]);
    expect(cut('---')).toEqual([]);
    expect(cut('\uFEFF# c\n')).toEqual([]);
  });

  it('keeps comments and directives with the document that follows them', () => {
    expect(cut('# about a\n%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n')).toEqual([
      [1, '# about a\n%YAML 1.2\n---\na: 1\n...\n'],
      [6, '%YAML 1.2\n---\nb: 2\n'],
    ]);
  });

  it('takes three dashes for a boundary only where they stand alone at the start of a line', () => {
    expect(cut('---a: 1\n ---\n----\nb: |\n  ---\n  c\n')).toHaveLength(1);
    expect(cut('a: 1\n--- {b: 2}\n---\t# c\nc: 3')).toEqual([
      [1, 'a: 1\n'],
      [2, '--- {b: 2}\n'],
      [4, 'c: 3'],
    ]);
  });

  it('reads files with Windows line ends and joined files with byte order marks', () => {
    expect(cut('a: 1\r\n---\r\nb: 2\r\n')).toEqual([
      [1, 'a: 1\r\n'],
      [3, 'b: 2\r\n'],
    ]);
    expect(cut('\uFEFFa: 1\n\uFEFF---\nb: 2\n')).toEqual([
      [1, '\uFEFFa: 1\n'],
      [3, 'b: 2\n'],
    ]);
  });

  it('gives equal documents equal hashes, wherever they stand, and others different ones', () => {
    const [first, second, third] = [...cutDocuments(Buffer.from('---\na: 1\n---\na: 1\n---\na: 2\n'))];
    expect(first?.hash).toBe(second?.hash);
    expect(first?.hash).not.toBe(third?.hash);
  });
});
