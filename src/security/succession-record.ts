/** Who signs, and who did before, as the state folder keeps it: no key, no secret. */

import { readCertificates } from '../certificates/certificate-text.ts';
import type { IssuerPlace } from '../model/certificate-settings.ts';
import { IsthmusError } from '../model/errors.ts';
import type { ValueFile } from './kept-roots.ts';

/** Times in milliseconds since the epoch. */
export interface FormerRoot {
  readonly pem: string;
  /** Later than any leaf of it. */
  readonly until: number;
}

export interface SuccessionRecord {
  readonly signing: IssuerPlace;
  readonly former: readonly FormerRoot[];
}

export class SuccessionFile {
  readonly #file: ValueFile;

  constructor(file: ValueFile) {
    this.#file = file;
  }

  /** Undefined where there was never one. Throws STATE for one that is damaged. */
  async read(): Promise<SuccessionRecord | undefined> {
    const json = await this.#file.read();
    if (json === undefined) return undefined;
    if (isRecord(json)) return json;
    const { place, remedy } = this.#file;
    throw new IsthmusError('STATE', `${place} cannot be used: it does not say who signs. ${remedy}`);
  }

  write(record: SuccessionRecord): Promise<void> {
    return this.#file.write(record);
  }
}

function isRecord(json: unknown): json is SuccessionRecord {
  if (typeof json !== 'object' || json === null || !('signing' in json) || !('former' in json)) return false;
  return isPlace(json.signing) && Array.isArray(json.former) && json.former.every(isFormerRoot);
}

/** Whether it can be opened is seen when it is. */
function isPlace(json: unknown): json is IssuerPlace {
  if (typeof json !== 'object' || json === null || !('kind' in json)) return false;
  if (json.kind === 'BuiltIn') return 'name' in json && typeof json.name === 'string';
  if (json.kind === 'Files') return 'folder' in json && 'names' in json;
  return json.kind === 'Vault' && 'address' in json && 'tokenFile' in json;
}

function isFormerRoot(json: unknown): json is FormerRoot {
  if (typeof json !== 'object' || json === null || !('pem' in json) || !('until' in json)) return false;
  if (typeof json.pem !== 'string' || typeof json.until !== 'number') return false;
  try {
    return readCertificates(json.pem, 'it').length === 1;
  } catch {
    return false;
  }
}
