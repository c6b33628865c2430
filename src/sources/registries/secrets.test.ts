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

it('a text that was cut shows no part of a secret, wherever the cut went', () => {
  const token = Array.from({ length: 300 }, (_, at) => (at * 7919).toString(36)).join('');
  const text = `bad token "${token}", said somebody`;
  for (let cut = 0; cut < text.length; cut += 97)
    for (const part of [text.slice(0, cut), text.slice(cut)]) {
      const shown = withoutSecrets(part, { token });
      for (let at = 0; at + 12 <= shown.length; at++) expect(token).not.toContain(shown.slice(at, at + 12));
    }
});

it('a login is shown in no header either', () => {
  const [username, password] = ['isthmus', 'quite-secret-indeed'];
  const header = Buffer.from(`${username}:${password}`).toString('base64');
  expect(withoutSecrets(`no such user: Basic ${header}`, { username, password })).toBe('no such user: Basic ***');
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
