/** Bootstrap tokens, and the roots to hand out with them, beside a control plane: by who may read its state folder. */
import { SealedFile } from '../delivery/files/sealed-file.ts';
import { NodeStateFolder } from '../delivery/files/state-folder.ts';
import { IsthmusError } from '../model/errors.ts';
import { decodeState, faultOfState } from '../security/authority-state.ts';
import { BootstrapTokens, type TokenContent } from '../security/bootstrap-tokens.ts';
import { orderCertificates } from '../security/certificate-text.ts';
import { authorityFile, tokenFile } from './mesh-authority.ts';

/** Throws STATE where no control plane has made its keys, USAGE for what is no workload. */
export async function createToken(folder: string, content: TokenContent): Promise<string> {
  const file = new SealedFile(new NodeStateFolder(folder), tokenFile);
  if ((await file.read()) === undefined)
    throw new IsthmusError(
      'STATE',
      `${file.place} is not there. Start the control plane with --xds-tls first: it makes the keys of tokens.`,
    );
  const tokens = await BootstrapTokens.open({ trustDomain: content.identity.trustDomain, file });
  return tokens.issue(content);
}

/** PEM, one behind the other: those that the authority trusts at this moment. Throws STATE where there is no authority. */
export async function readRoots(folder: string): Promise<string> {
  const file = new SealedFile(new NodeStateFolder(folder), authorityFile);
  const stored = await file.read();
  if (stored === undefined)
    throw new IsthmusError(
      'STATE',
      `${file.place} is not there. Start the control plane with --xds-tls first: it makes the roots.`,
    );
  const { roots } = await decodeState(stored).catch((cause: unknown) => {
    throw new IsthmusError('STATE', `${file.place} cannot be used: ${faultOfState(cause)}. ${file.remedy}`, { cause });
  });
  return orderCertificates([...roots.values()].map(({ pem }) => pem)).join('');
}
