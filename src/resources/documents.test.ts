import { describe, expect, it } from 'vitest';
import { documentLimits } from './document-limits.ts';
import { decodeDocument, readDocument } from './documents.ts';

const codeOf = (text: string, syntax?: 'yaml' | 'json') => {
  const reading = readDocument(text, syntax);
  return reading.kind === 'refused' ? reading.problem.code : reading.kind;
};
const dataOf = (text: string) => {
  const reading = readDocument(text);
  return reading.kind === 'value' ? reading.value : reading;
};

describe('reading a document', () => {
  it('gives plain data as YAML 1.2 reads it', () => {
    expect(dataOf('a: 1\nb: [x, "2", 0o17, true, null, 1.5]\nc: {d: e}\n')).toEqual({
      a: 1,
      b: ['x', '2', 15, true, null, 1.5],
      c: { d: 'e' },
    });
    expect(readDocument('---\n~\n')).toEqual({ kind: 'empty' });
  });

  it('refuses a key written twice, and says where the second one stands', () => {
    expect(readDocument('a: 1\nb:\n  c: 1\n  c: 2\n')).toMatchObject({
      kind: 'refused',
      problem: { code: 'ISTH0003', line: 3, column: 3 },
    });
    expect(readDocument('{"a": 1,\n "a": 2}', 'json')).toMatchObject({ problem: { code: 'ISTH0003', line: 1 } });
  });

  it('refuses what is no YAML, and says where', () => {
    expect(readDocument('a: [1, 2\nb: 3\n')).toMatchObject({ kind: 'refused', problem: { code: 'ISTH0002', line: 1 } });
    expect(codeOf('a: 1\n\tb: 2\n')).toBe('ISTH0002');
    expect(codeOf('a: \u0000')).toBe('ISTH0002');
    expect(codeOf('a: "unfinished')).toBe('ISTH0002');
  });

  it('refuses aliases that expand without bound, and those that contain themselves', () => {
    const levels = [...'bcdefghi'].map(
      (name, at) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[at]}`).join(', ')}]`,
    );
    expect(codeOf(`a: &a [x, x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}\n`)).toBe('ISTH0004');
    expect(codeOf('a: &a [*a]\n')).toBe('ISTH0004');
    expect(
      codeOf(
        `a: &a x\nb: [${Array(documentLimits.aliases + 1)
          .fill('*a')
          .join(', ')}]\n`,
      ),
    ).toBe('ISTH0004');
    expect(dataOf('a: &a [1, 2]\nb: *a\n')).toEqual({ a: [1, 2], b: [1, 2] });
  });

  it('refuses what YAML readers take differently: tags, merge keys, odd keys, lone carriage returns', () => {
    expect(codeOf('a: !!binary aGk=\n')).toBe('ISTH0007');
    expect(codeOf('a: !secret b\n')).toBe('ISTH0007');
    expect(codeOf('a: &a {x: 1}\nb:\n  <<: *a\n')).toBe('ISTH0007');
    expect(codeOf('~: 1\n')).toBe('ISTH0007');
    expect(codeOf('__proto__: {a: 1}\n')).toBe('ISTH0007');
    expect(codeOf('"__pro\\x74o__": {a: 1}\n')).toBe('ISTH0007');
    expect(codeOf('{"__proto__": {"a": 1}}', 'json')).toBe('ISTH0007');
    expect(codeOf('a: 1\rb: 2\n')).toBe('ISTH0007');
    expect(codeOf('%YAML 1.1\n---\na: yes\n')).toBe('ISTH0007');
    expect(codeOf('a: .inf\n')).toBe('ISTH0007');
    expect(codeOf('a: 1e999\n')).toBe('ISTH0007');
    expect(dataOf('a: !!str 5\n')).toEqual({ a: '5' });
    expect(dataOf('"<<": 5\n')).toEqual({ '<<': 5 });
  });

  it('refuses a block scalar whose text may be a comment', () => {
    expect(readDocument('\n  >\n # c')).toMatchObject({ kind: 'refused' });
    expect(readDocument('a: >\n  text\n# c\n')).toMatchObject({ value: { a: 'text\n' } });
  });

  it('warns of plain values that YAML 1.1 reads otherwise, and of no others', () => {
    const reading = readDocument(
      'a: yes\nb: 0777\nc: 1:30\nd: 1_000\ne: "yes"\nf: yesterday\ng: 10.0.0.1\nh: 0\ni: 08080\n',
    );
    expect(reading).toMatchObject({ kind: 'value', value: { a: 'yes', b: 777, c: '1:30', d: '1_000' } });
    const lines = reading.kind === 'value' ? reading.warnings.map((warning) => [warning.code, warning.line]) : [];
    expect(lines).toEqual([0, 1, 2, 3].map((line) => ['ISTH0008', line]));
  });

  it('refuses what is too deep or too large', () => {
    expect(codeOf('['.repeat(100_000))).toBe('ISTH0009');
    expect(codeOf('['.repeat(100_000) + ']'.repeat(100_000), 'json')).toBe('ISTH0009');
    expect(codeOf(`a: ${'x'.repeat(documentLimits.documentBytes)}`)).toBe('ISTH0005');
  });

  it('decodes UTF-8 and nothing else', () => {
    expect(decodeDocument(Buffer.from('\uFEFFa: é'))).toBe('a: é');
    expect(decodeDocument(Buffer.from([0x61, 0x3a, 0x20, 0xe9]))).toBeUndefined();
  });

  it('reads JSON files strictly, with tabs and all', () => {
    expect(readDocument('{\n\t"a": [1, "\\ud83d\\ude00"]\n}\n', 'json')).toMatchObject({ value: { a: [1, '😀'] } });
    expect(readDocument('{"a": 1,\n}', 'json')).toMatchObject({ problem: { code: 'ISTH0002', line: 1, column: 1 } });
    expect(readDocument(' \n', 'json')).toEqual({ kind: 'empty' });
  });
});
