/** Bootstrap tokens, and the roots to hand out with them, beside a control plane: by who may read its state. */

import { orderCertificates } from '../../certificates/certificate-text.ts';
import type { StateChoice } from '../../cli/cluster-choice.ts';
import { SealedFile } from '../../delivery/files/sealed-file.ts';
import { NodeStateFolder, type StateFolder } from '../../delivery/files/state-folder.ts';
import { defaultIssuer } from '../../model/certificate-settings.ts';
import { IsthmusError } from '../../model/errors.ts';
import { decodeState, faultOfState } from '../../security/authority-state.ts';
import { BootstrapTokens, type TokenContent } from '../../security/bootstrap-tokens.ts';
import { SuccessionFile } from '../../security/succession-record.ts';
import { builtInFile } from './issuer-opening.ts';
import { successionFile, tokenFile } from './mesh-authority.ts';

/** Throws STATE where no control plane has made its keys, USAGE for what is no workload. */
export function createToken(choice: StateChoice, content: TokenContent): Promise<string> {
  return inState(choice, (state) => tokenFrom(state, content));
}

async function tokenFrom(state: StateFolder, content: TokenContent): Promise<string> {
  const file = new SealedFile(state, tokenFile);
  if ((await file.read()) === undefined)
    throw new IsthmusError(
      'STATE',
      `${file.place} is not there. Start the control plane with --xds-tls first: it makes the keys of tokens.`,
    );
  const tokens = await BootstrapTokens.open({ trustDomain: content.identity.trustDomain, file });
  return tokens.issue(content);
}

/**
 * PEM, one behind the other: those that are trusted at this moment. Throws STATE where there is no authority, UNAVAILABLE where
 * its roots are not in the state.
 */
export function readRoots(choice: StateChoice): Promise<string> {
  return inState(choice, rootsFrom);
}

async function inState<T>(choice: StateChoice, use: (state: StateFolder) => Promise<T>): Promise<T> {
  if ('folder' in choice) return use(new NodeStateFolder(choice.folder));
  const { withKeptState } = await import('../../cluster-commands/kept-state.ts');
  return withKeptState(choice.cluster, use);
}

async function rootsFrom(state: StateFolder): Promise<string> {
  const record = await new SuccessionFile(new SealedFile(state, successionFile)).read();
  const { kind, ...place } = record?.signing ?? defaultIssuer;
  if (kind !== 'BuiltIn')
    throw new IsthmusError('UNAVAILABLE', `The roots are those of ${kind}: ask with "isthmus certificates roots".`);
  const file = new SealedFile(state, builtInFile('name' in place ? place.name : ''));
  const stored = await file.read();
  if (stored === undefined)
    throw new IsthmusError(
      'STATE',
      `${file.place} is not there. Start the control plane with --xds-tls first: it makes the roots.`,
    );
  const { roots } = await decodeState(stored).catch((cause: unknown) => {
    throw new IsthmusError('STATE', `${file.place} cannot be used: ${faultOfState(cause)}. ${file.remedy}`, { cause });
  });
  const former = record?.former.map(({ pem }) => pem) ?? [];
  return orderCertificates([...[...roots.values()].map(({ pem }) => pem), ...former]).join('');
}
