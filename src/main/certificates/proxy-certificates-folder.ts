/**
 * The folder that a proxy takes its certificate from. Certificate, key and roots change together: they are links through one
 * link, `..data`, to a folder of their own, and a renewal turns that one link. Whoever reads meets all of the old or all of the
 * new, and who watches the folder sees one move. A fault half-way leaves what was there.
 *
 *   cert-chain.pem -> ..data/cert-chain.pem     ..data -> ..version-<random>/
 */
import { randomUUID } from 'node:crypto';
import { readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { PrivateKey } from '../../security/private-key.ts';

export interface ProxyCertificate {
  /** PEM, the leaf first. */
  readonly chain: string;
  readonly key: PrivateKey;
  /** PEM, one behind the other. */
  readonly roots: string;
}

const names = { chain: 'cert-chain.pem', key: 'key.pem', roots: 'roots.pem' } as const;
const sdsNames = { certificateSds: 'certificate-sds.json', rootsSds: 'roots-sds.json' } as const;
const current = '..data';

type FileKey = keyof typeof names | keyof typeof sdsNames;

/** Their paths. */
export function certificateFiles(folder: string): Readonly<Record<FileKey, string>> {
  const at = (name: string) => path.join(folder, name);
  return {
    chain: at(names.chain),
    key: at(names.key),
    roots: at(names.roots),
    certificateSds: at(sdsNames.certificateSds),
    rootsSds: at(sdsNames.rootsSds),
  };
}

/** Throws USAGE where a file is not there, BAD_DATA for a key that is none. */
export async function readProxyCertificate(folder: string): Promise<ProxyCertificate> {
  const files = certificateFiles(folder);
  const read = (file: string) =>
    readFile(file, 'utf8').catch((cause: unknown) => {
      const how = 'isthmus proxy bootstrap --token-file gets a first certificate';
      throw new IsthmusError('USAGE', `${file} cannot be read: ${messageOf(cause)}. "${how}".`, { cause });
    });
  const [chain, key, roots] = await Promise.all([read(files.chain), read(files.key), read(files.roots)]);
  return { chain, key: await PrivateKey.fromPem(key), roots };
}

/** In place of what was there, in one step. Only the owner can read what is written. Throws UNAVAILABLE. */
export async function writeProxyCertificate(folder: string, { chain, key, roots }: ProxyCertificate): Promise<void> {
  const version = `..version-${randomUUID()}`;
  const fresh = new NodeStateFolder(path.join(folder, version));
  await orUnavailable(folder, async () => {
    const previous = await readlink(path.join(folder, current)).catch(() => undefined);
    try {
      await fresh.replace(names.chain, Buffer.from(chain));
      await fresh.replace(names.roots, Buffer.from(roots));
      await fresh.replace(names.key, Buffer.from(key.reveal()));
      await turnLink(folder, current, version);
    } catch (error) {
      await rm(fresh.path, { recursive: true, force: true });
      throw error;
    }
    for (const name of Object.values(names)) await ensureLink(folder, name, `${current}/${name}`);
    if (previous?.startsWith('..version-')) await rm(path.join(folder, previous), { recursive: true, force: true });
  });
}

/** Tells Envoy which files to take, by files. */
export async function writeSecretFiles(
  folder: string,
  secrets: { readonly certificate: object; readonly roots: object },
): Promise<void> {
  const writing = new NodeStateFolder(folder);
  const text = (secret: object) => Buffer.from(`${JSON.stringify(secret, null, 2)}\n`);
  await orUnavailable(folder, async () => {
    await writing.replace(sdsNames.certificateSds, text(secrets.certificate));
    await writing.replace(sdsNames.rootsSds, text(secrets.roots));
  });
}

async function ensureLink(folder: string, name: string, target: string): Promise<void> {
  const known = await readlink(path.join(folder, name)).catch(() => undefined);
  if (known !== target) await turnLink(folder, name, target);
}

async function turnLink(folder: string, name: string, target: string): Promise<void> {
  const fresh = path.join(folder, `${name}.${randomUUID()}`);
  await symlink(target, fresh);
  await rename(fresh, path.join(folder, name));
}

async function orUnavailable(folder: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new IsthmusError('UNAVAILABLE', `--certificates ${folder} cannot be written: ${messageOf(cause)}.`, {
      cause,
    });
  }
}
