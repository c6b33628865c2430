import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { readSecrets, withoutSecrets } from './secrets.ts';

it.each(['plain-secret', 'with "quotes" and \\', 'with space/and slash'])('a text shows %s in no form', (token) => {
  const forms = [token, JSON.stringify({ token }), encodeURIComponent(token)];
  for (const text of forms) {
    const shown = withoutSecrets(`bad login ${text}`, { token });
    for (const form of [token, JSON.stringify(token).slice(1, -1), encodeURIComponent(token)])
      expect(shown).not.toContain(form);
    expect(shown).toContain('***');
  }
});

it('a file of credentials that is empty is none: who asked without would be shown nothing, and be told that it is all', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'isthmus-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tokenFile = path.join(folder, 'token');
  const { spec } = testRegistry({ credentials: { tokenFile } });
  await writeFile(tokenFile, 'abc\n');
  expect(await readSecrets(spec)).toEqual({ token: 'abc' });
  await writeFile(tokenFile, '\n');
  await expect(readSecrets(spec)).rejects.toThrow(/token is empty/);
});
