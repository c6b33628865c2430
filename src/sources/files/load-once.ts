/** Reads manifests once, for commands that check or translate them: nothing is watched, nothing is doubted. */

import { messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { documentLimits } from '../../resources/document-limits.ts';
import { OwnedFindings } from '../owned-findings.ts';
import { type SourceTables, setStates } from '../resource-tables.ts';
import { FileContents } from './file-contents.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';
import { fileFinding, type ManifestReading, type ReadResources, readManifest } from './manifest-reading.ts';
import { listRoot, type Unseen } from './root-listing.ts';

export interface LoadOptions {
  /** Files and folders; `-` stands for `standardInput`. */
  readonly paths: readonly string[];
  readonly standardInput?: Uint8Array;
  readonly tables: SourceTables;
  readonly batch: (change: () => void) => void;
  readonly read: ReadResources;
  readonly fileSystem?: FileSystem;
}

type Loaded = { readonly reading: ManifestReading } | { readonly problem: Finding };

/** Fills the tables with all there is, and makes them live. What cannot be read is a finding. */
export async function loadOnce(options: LoadOptions): Promise<void> {
  const { paths, tables, batch } = options;
  const loaded = new Map<string, Loaded>();
  for (const path of new Set(paths)) {
    for (const [file, one] of await loadPath(path, options)) loaded.set(file, one);
  }
  batch(() => {
    setStates(tables, 'live');
    tables.findings.setState('live');
    const findings = new OwnedFindings(tables.findings);
    const readings = new Map<string, { readonly fingerprint: string; readonly reading: ManifestReading }>();
    for (const [path, one] of loaded) {
      if ('problem' in one) findings.replace(`read ${path}`, [one.problem]);
      else readings.set(path, { fingerprint: '', reading: one.reading });
    }
    new FileContents(tables, findings).apply(readings, []);
  });
}

async function loadPath(path: string, options: LoadOptions): Promise<readonly [string, Loaded][]> {
  if (path === '-') {
    const bytes = Buffer.from(options.standardInput ?? new Uint8Array());
    if (bytes.length > documentLimits.fileBytes) return [['-', tooLarge('-')]];
    return [['-', { reading: await readManifest({ path: '-', bytes }, [], options.read) }]];
  }
  const fileSystem = options.fileSystem ?? nodeFileSystem;
  const { files, unseen, passedOver } = await listRoot(fileSystem, path);
  const loaded: [string, Loaded][] = unseen.map((one) => [one.path, { problem: unseenFinding(one) }]);
  for (const one of passedOver)
    loaded.push([one.path, { problem: fileFinding(one.path, 'ISTH0016', `${one.reason}.`) }]);
  const isEmpty = files.length === 0 && loaded.length === 0;
  if (isEmpty) loaded.push([path, { problem: finding('ISTH0014', { object: folder(path), ...emptyFolder }) }]);
  for (const file of files) loaded.push([file.path, await loadFile(fileSystem, file.path, options.read)]);
  return loaded;
}

async function loadFile(fileSystem: FileSystem, path: string, read: ReadResources): Promise<Loaded> {
  try {
    const content = await fileSystem.read(path, documentLimits.fileBytes);
    if (content !== undefined) return { reading: await readManifest({ path, bytes: content.bytes }, [], read) };
    return tooLarge(path);
  } catch (error) {
    return { problem: fileFinding(path, 'ISTH0001', messageOf(error)) };
  }
}

const emptyFolder = {
  message: 'There is no manifest in it.',
  remedy: 'Give a folder with files that end in .yaml, .yml or .json.',
};

function folder(name: string) {
  return { kind: 'Folder', name };
}

function unseenFinding({ path, reason }: Unseen): Finding {
  if (!reason.startsWith('ENOENT')) return fileFinding(path, 'ISTH0001', reason);
  const remedy = 'Correct the path; it counts from the folder in which the command is called.';
  return finding('ISTH0001', {
    object: { kind: 'File', name: path },
    message: 'There is no such file or folder.',
    remedy,
  });
}

function tooLarge(path: string): Loaded {
  return { problem: fileFinding(path, 'ISTH0005', `it has more than ${documentLimits.fileBytes} bytes`) };
}
