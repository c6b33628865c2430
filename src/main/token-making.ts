/** Bootstrap tokens made beside a control plane, by who may read its state folder. */
import { SealedFile } from '../delivery/files/sealed-file.ts';
import { NodeStateFolder } from '../delivery/files/state-folder.ts';
import { IsthmusError } from '../model/errors.ts';
import { BootstrapTokens, type TokenContent } from '../security/bootstrap-tokens.ts';
import { tokenFile } from './mesh-authority.ts';

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
