/** Opens an issuer where its settings say it stands; what it keeps is in the state folder. */
import { createHash } from 'node:crypto';
import { SealedFile, type SealedFileOptions } from '../../delivery/files/sealed-file.ts';
import { followFile, untilTurn } from '../../delivery/files/shared-state.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { readRegularFile } from '../../local-files/regular-file.ts';
import type { IssuerPlace } from '../../model/certificate-settings.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { CertificateAuthority } from '../../security/certificate-authority.ts';
import { FileIssuer } from '../../security/file-issuer.ts';
import { type Issuer, longestLeafMs } from '../../security/issuer.ts';
import type { WantedIssuers } from '../../security/issuer-succession.ts';
import { VaultIssuer } from '../../security/vault-issuer.ts';

const authorityFile = {
  fileName: 'certificate-authority.json',
  header: { format: 'isthmus-certificate-authority', version: 1 },
  remedy:
    'Put back a copy of the file. Without it every certificate of the mesh has to be issued anew under another root: to begin so, move the file away.',
} as const;

/** The file of a built-in authority. */
export function builtInFile(name: string): SealedFileOptions {
  return name === '' ? authorityFile : { ...authorityFile, fileName: `certificate-authority.${name}.json` };
}

const keptRootsRemedy = 'Put back a copy of the file, or move it away: then no former root of this issuer is trusted.';

export interface IssuerSurroundings {
  readonly state: StateFolder;
  readonly trustDomain: string;
  readonly untrusting: () => readonly string[];
}

/** Throws STATE for damaged files of the state folder, BAD_DATA and USAGE for what can be used by nobody. */
export async function openIssuer(
  place: IssuerPlace,
  { leafLifetimeMs, settleMs }: Pick<WantedIssuers, 'leafLifetimeMs' | 'settleMs'>,
  { state, trustDomain, untrusting }: IssuerSurroundings,
): Promise<Issuer> {
  if (place.kind === 'BuiltIn') {
    const options = builtInFile(place.name);
    await untilTurn(state, options.fileName);
    const file = new SealedFile(state, options);
    const follow = (changed: () => void) => followFile(state, options.fileName, changed);
    return CertificateAuthority.open({ trustDomain, file, untrusting, leafLifetimeMs, settleMs, follow });
  }
  // Of former leaves of any life that was ever set.
  const limits = { trustDomain, settleMs, leafLifetimeMs: longestLeafMs, kept: keptRootsOf(place, state) };
  if (place.kind === 'Files') return FileIssuer.open({ ...limits, folder: place.folder, names: place.names });
  const { address, mount, role, tokenFile, caFile, namespace } = place;
  return VaultIssuer.open({
    ...limits,
    ...{ address, mount, role },
    token: () => readSecretFile(tokenFile),
    ...(caFile === undefined ? {} : { caPem: await readSecretFile(caFile) }),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

/** One for each place: what was seen at one says nothing of another. */
function keptRootsOf(place: IssuerPlace, state: StateFolder): SealedFile {
  const name = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 16);
  const header = { format: 'isthmus-issuer-roots', version: 1 };
  return new SealedFile(state, { fileName: `issuer-roots-${name}.json`, header, remedy: keptRootsRemedy });
}

async function readSecretFile(path: string): Promise<string> {
  return readRegularFile(path).catch((cause: unknown) => {
    throw new IsthmusError('UNAVAILABLE', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
}
