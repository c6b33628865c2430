/** The two YAML readers held against each other, and the document reader against hostile text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { cutDocuments } from '../../src/resources/document-cuts.ts';
import { agreesWithSecondReader } from '../../src/resources/document-places.ts';
import { readDocument } from '../../src/resources/documents.ts';

/** Pieces of YAML that meet in odd ways when they are strung together. */
const piece = fc.constantFrom(
  ...[
    'a',
    'b: ',
    ': ',
    '- ',
    '\n',
    '\n  ',
    '\n    ',
    '? ',
    '#',
    ' # c',
    '"',
    "'",
    '"x"',
    '[',
    ']',
    '{',
    '}',
    ',',
    ', ',
  ],
  ...[
    '|',
    '|-',
    '>',
    '>+',
    '|2',
    '\t',
    ' ',
    '\r\n',
    '\r',
    '\\',
    '\\n',
    '\\u0041',
    '---',
    '--- ',
    '...',
    '%YAML 1.1',
    '%x',
  ],
  ...[
    '&a ',
    '*a',
    '*b',
    '!',
    '!!str ',
    '!!int ',
    '!x ',
    '<<: ',
    '~',
    'null',
    'yes',
    'true',
    'False',
    '0',
    '-0',
    '017',
    '0x1f',
  ],
  ...[
    '0o17',
    '1_0',
    '1:30',
    '1e3',
    '.5',
    '1.',
    '.inf',
    '-.INF',
    '.nan',
    '=',
    '@',
    '`',
    '\u0085',
    '\u2028',
    '\uFEFF',
    '\u0000',
  ],
  ...[
    'é',
    '😀',
    '\ud800',
    '__proto__: ',
    'a: ',
    'c: d',
    '- - ',
    '\na: 1',
    '\nb:',
    '\n- ',
    '10.0.0.1',
    '2001-01-01',
    '::1',
  ],
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

const name = fc
  .oneof(fc.stringMatching(/^[a-zA-Z0-9_./-]{1,12}$/), fc.string({ maxLength: 8 }))
  .filter((key) => key !== '__proto__' && key !== '<<');
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      fc.string(),
      name,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('a document', () => {
  it('never makes the reader throw, and what it accepts the second reader reads alike', () => {
    fc.assert(
      fc.property(text, (source) => {
        for (const cut of cutDocuments(Buffer.from(source))) {
          const part = cut.bytes.toString();
          const reading = readDocument(part);
          if (reading.kind === 'value')
            expect([part, agreesWithSecondReader(part, reading.value)]).toEqual([part, true]);
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives back what was written, as block YAML, as flow YAML and as JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(name, json, { minKeys: 1, maxKeys: 4 }), fc.boolean(), (data, isFlow) => {
        const styles = { collectionStyle: isFlow ? 'flow' : 'block', aliasDuplicateObjects: false } as const;
        expect(readDocument(stringify(data, styles))).toMatchObject({ kind: 'value', value: data });
        expect(readDocument(JSON.stringify(data), 'json')).toEqual({ kind: 'value', value: data, warnings: [] });
        expect(readDocument(JSON.stringify(data, undefined, '\t'), 'json')).toMatchObject({ value: data });
      }),
      { numRuns: 2000 },
    );
  });

  it('is found by its boundaries among any others, broken or not', () => {
    const document = fc.oneof(
      text.filter((source) => !/^(?:\uFEFF?---|\.\.\.)(?=\s|$)|^%/m.test(source) && source.trim() !== ''),
      fc.constant('a: 1'),
    );
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 5 }), (documents) => {
        const file = documents.map((source) => `---\n${source}\n`).join('');
        const texts = [...cutDocuments(Buffer.from(file))].map((cut) => cut.bytes.toString());
        const alone = documents.flatMap((source) => [...cutDocuments(Buffer.from(`---\n${source}\n`))]);
        expect(texts).toEqual(alone.map((cut) => cut.bytes.toString()));
      }),
      { numRuns: 2000 },
    );
  });
});
