/** Keeps an eye on all roots: lists them, watches what it found, and turns the system's events into what to look at. */
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type Finding, finding } from '../../model/finding.ts';
import type { FileSystem, Look } from './file-system.ts';
import { FolderWatch } from './folder-watch.ts';
import { isManifestName, listRoot, type RootListing, type Unseen } from './root-listing.ts';

/** New folders may come while the first ones are listed; watching has caught up after very few rounds. */
const maxRounds = 5;

export class RootSurvey {
  readonly #fileSystem: FileSystem;
  readonly #roots: readonly string[];
  readonly #watch: FolderWatch;
  readonly #wake: () => void;
  #listings: ReadonlyMap<string, RootListing> = new Map();
  #hints = new Set<string>();
  #isScanWanted = true;

  /** `wake` is called when there is something to look at. */
  constructor(fileSystem: FileSystem, roots: readonly string[], wake: () => void) {
    this.#fileSystem = fileSystem;
    this.#roots = roots;
    this.#wake = wake;
    this.#watch = new FolderWatch(fileSystem, (folder, name) => this.#receive(folder, name));
  }

  get isAwake(): boolean {
    return this.#isScanWanted || this.#hints.size > 0;
  }

  /** Whether everything could be seen when it was last listed. */
  get isComplete(): boolean {
    return [...this.#listings].every(([root, listing]) => unseenIn(root, listing).length === 0);
  }

  get isWatchedWhole(): boolean {
    return this.#watch.failed.size === 0;
  }

  /** Whether a file at this path is a manifest: a root is, whatever its name. */
  isManifest(path: string): boolean {
    return isManifestName(basename(path)) || this.#roots.some((root) => resolve(root) === resolve(path));
  }

  /** Whether the path was a folder when it was last listed. */
  isFolder(path: string): boolean {
    return [...this.#listings.values()].some(({ folders }) => folders.has(path));
  }

  wantScan(): void {
    this.#isScanWanted = true;
    this.#wake();
  }

  wantLook(paths: Iterable<string>): void {
    for (const path of paths) this.#hints.add(path);
    this.#wake();
  }

  /** Paths to look at; undefined when only a scan will do. */
  takeHints(): ReadonlySet<string> | undefined {
    const hints = this.#isScanWanted || !this.isComplete ? undefined : this.#hints;
    this.#hints = new Set();
    this.#isScanWanted = false;
    return hints;
  }

  /** Every manifest that is there now. Watches first what it lists, so that nothing changes unseen. */
  async scan(): Promise<ReadonlyMap<string, Look>> {
    for (let round = 0; round < maxRounds; round++) {
      const listings = await Promise.all(this.#roots.map((root) => listRoot(this.#fileSystem, root)));
      this.#listings = new Map(this.#roots.map((root, at) => [root, listings[at] ?? emptyListing]));
      if (!this.#watch.follow(await this.#foldersToWatch())) break;
    }
    return this.#files();
  }

  /** Whether a known file that is not listed may still be there, for all that can be seen. */
  mayBeThere(path: string): boolean {
    return [...this.#listings].some(([root, listing]) =>
      unseenIn(root, listing).some((unseen) => path === unseen.path || path.startsWith(unseen.path + sep)),
    );
  }

  /**
   * The folder that holds not one manifest any more, of those around a known file that is not listed: a volume that was
   * unmounted leaves such a one. Undefined where other manifests are left beside it, or its folder has gone as well.
   */
  emptiedFolder(path: string): string | undefined {
    for (const { folders, files } of this.#listings.values()) {
      const folder = nearest(path, folders);
      if (folder === undefined) continue;
      const isLeft = files.some((file) => file.path.startsWith(folder + sep));
      return isLeft ? undefined : folder;
    }
    return undefined;
  }

  /** Why a path is listed and not read. */
  passedOver(path: string): string | undefined {
    return [...this.#listings.values()]
      .flatMap((listing) => listing.passedOver)
      .find((one) => path === one.path || path.startsWith(one.path + sep))?.reason;
  }

  /** By root, and for the watching itself. */
  findings(): ReadonlyMap<string, readonly Finding[]> {
    const found = [...this.#listings].map(([root, listing]): [string, readonly Finding[]] => [
      `root ${root}`,
      [
        ...unseenIn(root, listing).map((unseen) => unseenFinding(root, unseen, listing)),
        ...listing.passedOver
          .slice(0, 10)
          .map(({ path, reason }) =>
            finding('ISTH0016', { object: { kind: 'File', name: path }, message: `${reason}.` }),
          ),
      ],
    ]);
    const failed = [...this.#watch.failed].map(([folder, reason]) =>
      finding('ISTH0015', { object: { kind: 'Folder', name: folder }, message: reason }),
    );
    return new Map([...found, ['root watching', failed.slice(0, 10)]]);
  }

  close(): void {
    this.#watch.close();
  }

  /** Listed by several roots, a file counts once. */
  #files(): ReadonlyMap<string, Look> {
    const files = new Map<string, Look>();
    const seen = new Set<string>();
    for (const { path, look } of [...this.#listings.values()].flatMap((listing) => listing.files)) {
      const absolute = resolve(path);
      if (!seen.has(absolute)) files.set(path, look);
      seen.add(absolute);
    }
    return files;
  }

  /** What was listed, and the folder that each root stands in: the root itself may be swapped or come back. */
  async #foldersToWatch(): Promise<ReadonlyMap<string, string>> {
    const folders = new Map([...this.#listings.values()].flatMap((listing) => [...listing.folders]));
    for (const root of this.#roots) {
      const parent = dirname(resolve(root));
      if (folders.has(parent)) continue;
      const look = await this.#fileSystem.look(parent).catch(() => undefined);
      if (look !== undefined) folders.set(parent, look.identity);
    }
    return folders;
  }

  #receive(folder: string, name: string | undefined): void {
    const path = name === undefined ? undefined : join(folder, name);
    if (path === undefined || this.#roots.some((root) => resolve(root) === resolve(path))) {
      this.wantScan();
      return;
    }
    const listing = [...this.#listings.values()].find(({ folders }) => folders.has(folder));
    if (listing === undefined || isEditorsName(basename(path))) return;
    // Where there are links, a name says little about which manifests it changes.
    if (listing.hasLinks) this.wantScan();
    else this.wantLook([path]);
  }
}

const emptyListing: RootListing = { files: [], folders: new Map(), unseen: [], passedOver: [], hasLinks: false };

/** Of the folders around a path, the innermost that was listed. */
function nearest(path: string, folders: ReadonlyMap<string, string>): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (folders.has(folder)) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** `..data` is what Kubernetes swaps in a mounted ConfigMap; any other dot file is an editor's. */
function isEditorsName(name: string): boolean {
  return (name.startsWith('.') && !name.startsWith('..')) || name.endsWith('~');
}

/** A root without one manifest is taken for one that is not there: an unmounted volume looks like that. */
function unseenIn(root: string, listing: RootListing): readonly Unseen[] {
  if (listing.files.length > 0 || listing.unseen.length > 0) return listing.unseen;
  return [{ path: root, reason: 'there is no manifest in it' }];
}

function unseenFinding(root: string, { path, reason }: Unseen, listing: RootListing): Finding {
  const isEmpty = listing.unseen.length === 0;
  return finding(isEmpty ? 'ISTH0014' : 'ISTH0013', {
    object: { kind: path === root || isEmpty ? 'Folder' : 'File', name: path },
    message: `${reason}; nothing is removed until it can be seen again`,
  });
}
