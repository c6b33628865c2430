import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { compileDescription } from './compile.ts';
import type { CodecDescription } from './description.ts';

test('the description in the README compiles', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const document: unknown = load(/```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '');
  expect(document).toHaveProperty('spec');
  const spec: unknown =
    typeof document === 'object' && document !== null && 'spec' in document ? document.spec : undefined;
  expect(compileDescription(spec, 'readme')).toHaveProperty('codec');
});

test('a description may be written in TypeScript', () => {
  const description: CodecDescription = {
    frame: { header: { size: 8 }, length: { parts: [{ offset: 0, type: 'u32' }] } },
    fields: { id: { offset: 4, type: 'u32' } },
    identity: { requestId: 'id' },
    sections: [{ name: 'pairs', decode: 'keyValues', schema: { key: 'string(u8)', value: 'string(u8)' } }],
    properties: { all: { from: 'pairs' } },
    mutation: { target: 'pairs' },
    reply: {
      error: {
        template: {
          body: [
            { type: 'string(u8)', from: 'message' },
            { type: 'string(u8)', value: 'x' },
          ],
        },
      },
    },
  };
  expect(compileDescription(description, 'typed')).toHaveProperty('codec');
});
