import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SealedFile } from '../../delivery/files/sealed-file.ts';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import { builtInFile } from './issuer-opening.ts';
import { orphaningRoot, tokenFile } from './mesh-authority.ts';

it('a root that is made where there was one before is told, with the file and the remedy; a first one is not', async () => {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-authority-'));
  onTestFinished(() => rm(path, { recursive: true }));
  const state = new NodeStateFolder(path);
  const first = { kind: 'BuiltIn', name: '' } as const;
  const beginning = { state, record: undefined, first, trustDomain: 'mesh.example' };
  expect(await orphaningRoot(beginning)).toEqual([]);
  await new SealedFile(state, tokenFile).write({ keys: [] });
  expect(await orphaningRoot(beginning)).toMatchObject([
    {
      code: 'ISTH1217',
      message: expect.stringMatching(/certificate-authority\.json was not there, while token-keys\.json beside it is/),
    },
  ]);
  const record = { signing: { kind: 'BuiltIn', name: 'a' }, former: [] } as const;
  expect(await orphaningRoot({ ...beginning, record })).toMatchObject([
    { message: expect.stringMatching(/certificate-authority\.a\.json was not there, while issuer\.json/) },
  ]);
  await new SealedFile(state, builtInFile('')).write({});
  expect(await orphaningRoot(beginning)).toEqual([]);
});
