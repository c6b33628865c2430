/** What an installation applied, told apart from what has its name and is somebody else's: only the former is changed or removed. */

import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { managedByLabel } from '../../model/ownership.ts';
import type { PlainMap } from '../../resources/plain-values.ts';
import { installer, labelsOf, readObject } from '../cluster-objects.ts';
import { type InstalledObject, pathOf } from '../manifest-kinds.ts';

const instanceLabel = 'app.kubernetes.io/instance';

export type Standing =
  | { readonly is: 'gone' }
  /** `uid`: of the very object that bears the labels of the installation. */
  | { readonly is: 'installed'; readonly uid: string }
  /** `whose`: as its labels tell, for messages. */
  | { readonly is: 'foreign'; readonly whose: string };

/** Throws UNAVAILABLE. */
export async function standingOf(server: ApiServer, object: InstalledObject, release: string): Promise<Standing> {
  const found = await readObject(server, pathOf(object));
  if (found === undefined) return { is: 'gone' };
  // Namespaces are of no release: several may be in one.
  if (!isOf(found, object.kind === 'Namespace' ? undefined : release)) return { is: 'foreign', whose: whoseIs(found) };
  return { is: 'installed', uid: textOf(fieldOf(found, 'metadata'), 'uid') ?? '' };
}

/** Whether what is there may become what the manifest says. Definitions and Namespaces are of no release. */
export function isOfInstallation(found: PlainMap, manifest: PlainMap): boolean {
  const release = textOf(labelsOf(manifest), instanceLabel);
  return release === undefined || isOf(found, release);
}

function isOf(found: PlainMap, release: string | undefined): boolean {
  const labels = labelsOf(found);
  return labels[managedByLabel] === installer && (release === undefined || labels[instanceLabel] === release);
}

export function whoseIs(found: PlainMap): string {
  const [manager, release] = [textOf(labelsOf(found), managedByLabel), textOf(labelsOf(found), instanceLabel)];
  if (manager === installer && release !== undefined) return `it is of the installation "${release}"`;
  return manager === undefined ? 'nothing on it says whose it is' : `it is managed by ${manager}`;
}
