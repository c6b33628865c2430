/** Finds the manifests under a root: a file, or a folder with all its subfolders, links followed. */
import { basename, dirname, extname, join } from 'node:path';
import { messageOf } from '../../model/errors.ts';
import { errorCodeOf, type FileSystem, type Look } from './file-system.ts';

export interface ListedFile {
  readonly path: string;
  readonly look: Look;
}

/** Something that is there, or was, and cannot be looked at: what is known of it stays. */
export interface Unseen {
  readonly path: string;
  readonly reason: string;
}

export interface RootListing {
  /** Sorted by path. */
  readonly files: readonly ListedFile[];
  /** Every folder to watch, with its identity; also those that links point into. */
  readonly folders: ReadonlyMap<string, string>;
  /** Nothing at or below such a path counts as gone. The root itself where it cannot be seen at all. */
  readonly unseen: readonly Unseen[];
  /** What is named like a manifest, or may hold some, and is not read: a pipe, a device, a folder that lies too deep. */
  readonly passedOver: readonly Unseen[];
  /** Whether a manifest in it is a link, so that it may change where it is not watched by name. */
  readonly hasLinks: boolean;
}

const maxDepth = 32;
const extensions = new Set(['.yaml', '.yml', '.json']);

/** Dot files, editors' backups and other kinds of files are not manifests. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && extensions.has(extname(name).toLowerCase());
}

export async function listRoot(fileSystem: FileSystem, root: string): Promise<RootListing> {
  const listing = new Listing(fileSystem);
  await listing.addRoot(root);
  return {
    files: listing.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    folders: listing.folders,
    unseen: listing.unseen,
    passedOver: listing.passedOver,
    hasLinks: listing.hasLinks,
  };
}

class Listing {
  readonly files: ListedFile[] = [];
  readonly folders = new Map<string, string>();
  readonly unseen: Unseen[] = [];
  readonly passedOver: Unseen[] = [];
  hasLinks = false;
  readonly #fileSystem: FileSystem;
  /** Identities of the folders visited: a link may lead back up. */
  readonly #visited = new Set<string>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async addRoot(root: string): Promise<void> {
    const look = await this.#look(root);
    if (look?.kind === 'folder') await this.#addFolder(root, look, 0);
    else if (look?.kind === 'file') this.files.push({ path: root, look });
    else if (look !== undefined) this.unseen.push({ path: root, reason: 'it is neither a file nor a folder' });
  }

  async #addFolder(folder: string, look: Look, depth: number): Promise<void> {
    if (this.#visited.has(look.identity)) return;
    this.#visited.add(look.identity);
    this.folders.set(folder, look.identity);
    try {
      const entries = await this.#fileSystem.list(folder);
      const wanted = entries.filter(
        ({ name, kind }) => !name.startsWith('.') && (kind !== 'file' || isManifestName(name)),
      );
      const looks = await Promise.all(
        wanted.map((entry) => this.#lookAt(join(folder, entry.name), entry.kind === 'link')),
      );
      const byName = wanted
        .map((entry, at) => ({ ...entry, look: looks[at] }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const entry of byName) await this.#addEntry(join(folder, entry.name), entry.name, entry.look, depth + 1);
    } catch (error) {
      this.unseen.push({ path: folder, reason: messageOf(error) });
    }
  }

  async #addEntry(path: string, name: string, look: Look | undefined, depth: number): Promise<void> {
    if (look?.kind === 'folder' && depth <= maxDepth) await this.#addFolder(path, look, depth);
    else if (look?.kind === 'folder')
      this.passedOver.push({ path, reason: `it lies more than ${maxDepth} folders deep` });
    else if (look?.kind === 'file' && isManifestName(name)) this.files.push({ path, look });
    else if (look !== undefined && isManifestName(name))
      this.passedOver.push({ path, reason: 'it is neither a file nor a folder' });
  }

  async #lookAt(path: string, isLink: boolean): Promise<Look | undefined> {
    const look = await this.#look(path, isLink);
    if (isLink && look?.kind === 'file' && isManifestName(basename(path))) await this.#watchTarget(path);
    return look;
  }

  /** A change of what a link points at shows only in the folder that holds it. */
  async #watchTarget(path: string): Promise<void> {
    this.hasLinks = true;
    try {
      const folder = dirname(await this.#fileSystem.resolve(path));
      const { identity } = await this.#fileSystem.look(folder);
      if (!this.folders.has(folder)) this.folders.set(folder, identity);
    } catch {
      // It went away since it was listed: the next listing tells.
    }
  }

  /** A name that was listed and is gone a moment later is no mishap; a link that leads nowhere is one. */
  async #look(path: string, isLink = true): Promise<Look | undefined> {
    try {
      return await this.#fileSystem.look(path);
    } catch (error) {
      if (isLink || errorCodeOf(error) !== 'ENOENT') this.unseen.push({ path, reason: messageOf(error) });
      return undefined;
    }
  }
}
