/** How far a control plane's start has come: what it waits for now, as readiness and the log say it. */
import type { FileSource } from '../sources/files/file-source.ts';

/** In the order in which they come. */
export type StartStep = 'files' | 'state folder' | 'registries' | 'virtual IPs' | 'listening';

export interface Unready {
  readonly part: StartStep;
  readonly reason: string;
}

interface StartFacts {
  readonly files: FileSource['state'];
  readonly stateFolder: string;
  /** Seconds. */
  readonly registryWait: number;
}

/** Why nobody is served yet. */
export function whyNotServing(part: StartStep, { files, stateFolder, registryWait }: StartFacts): Unready {
  const reasons: Readonly<Record<StartStep, string>> = {
    files: files === 'syncing' ? 'they are being read' : 'not all of them can be seen; see the findings',
    'state folder': `what is kept in ${stateFolder} is being read`,
    registries: `what they hold is waited for, ${registryWait} s at most`,
    'virtual IPs': `they are being written to ${stateFolder}`,
    listening: 'the addresses to serve at are being opened',
  };
  return { part, reason: reasons[part] };
}
