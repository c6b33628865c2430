/**
 * What was released of what is held against registries, kept for all replicas before anything goes.
 *
 *   isthmus registry release --> named, kept --> carried out here
 *                                       \--> another replica that sees the same loss, now or in a while --> carried out there
 *
 * Only who writes is to be asked. Whoever starts reads what is kept.
 */
import { hostname } from 'node:os';
import { followFile } from '../../delivery/files/shared-state.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { systemClock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { ReleasedService } from '../../model/registry.ts';
import type { Logger } from '../../operations/log.ts';
import { releaseOf } from '../../sources/registries/heeded-releases.ts';
import type { RegistryBridges } from '../../sources/registries/registry-bridges.ts';

const file = 'registry-releases.json';
/** An API server takes objects of 1 MiB. */
const maxBytes = 700 * 1024;
const reviewMs = 1_000;

interface ReleaseKeepingOptions {
  readonly folder: StateFolder;
  readonly bridges: RegistryBridges;
  readonly mayWrite: () => boolean;
  readonly log: Logger;
}

export class ReleaseKeeping {
  readonly #options: ReleaseKeepingOptions;
  #kept: readonly ReleasedService[] = [];
  #writing: Promise<unknown> = Promise.resolve();
  #cancelReview: (() => void) | undefined;
  readonly #stop: () => void;

  private constructor(options: ReleaseKeepingOptions) {
    this.#options = options;
    this.#stop = followFile(options.folder, file, () => {
      void this.#inTurn(() => this.#read()).catch((error: unknown) =>
        options.log.warn({ reason: messageOf(error) }, 'releases of what is held cannot be read'),
      );
    });
  }

  /** To be called once the registries are bridged, with what was known of them. Throws STATE where nothing can be read. */
  static async open(options: ReleaseKeepingOptions): Promise<ReleaseKeeping> {
    const keeping = new ReleaseKeeping(options);
    await keeping.#inTurn(() => keeping.#read());
    return keeping;
  }

  /**
   * Carries out what is held, once it is kept: of one service by its key, or of the whole registry. The keys of the services
   * concerned; undefined for an unknown registry. Throws STATE where it cannot be kept; nothing is released then.
   */
  async release(registry: string, service: string | undefined): Promise<readonly string[] | undefined> {
    return this.#inTurn(async () => {
      const { bridges } = this.#options;
      const held = bridges.losses(registry, service);
      if (held === undefined || held.losses.length === 0) return held === undefined ? undefined : [];
      const named = releaseOf(held.losses, { at: systemClock.now(), holdMs: held.holdMs, by: hostname() });
      const keys = new Set(named.map(({ key }) => key));
      await this.#keep([...bridges.releasesInForce().filter(({ key }) => !keys.has(key)), ...named]);
      return bridges.release(registry, this.#kept);
    });
  }

  /** Takes back what is carried out and came back, in a moment. To be called after each change of a registry. */
  review(): void {
    if (this.#kept.length === 0 || this.#cancelReview !== undefined) return;
    this.#cancelReview = systemClock.after(reviewMs, () => {
      this.#cancelReview = undefined;
      void this.#inTurn(() => this.#takeBack()).catch((error: unknown) =>
        this.#options.log.warn({ reason: messageOf(error) }, 'releases that are over cannot be taken back'),
      );
    });
  }

  async #takeBack(): Promise<void> {
    const { bridges, mayWrite } = this.#options;
    if (!mayWrite() || bridges.releasesInForce().length === this.#kept.length) return;
    await this.#keep(bridges.releasesInForce());
    bridges.heed(this.#kept);
  }

  async close(): Promise<void> {
    this.#stop();
    this.#cancelReview?.();
    await this.#writing;
  }

  async #keep(releases: readonly ReleasedService[]): Promise<void> {
    const sorted = releases.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const bytes = Buffer.from(JSON.stringify({ releases: sorted }));
    if (bytes.length > maxBytes)
      throw new IsthmusError('STATE', 'so much at once cannot be kept for all replicas: release it service by service');
    await this.#options.folder.replace(file, bytes);
    this.#kept = sorted;
  }

  async #read(): Promise<void> {
    const { folder, bridges, log } = this.#options;
    const bytes = await folder.read(file);
    const releases = bytes === undefined ? [] : readReleases(bytes);
    if (releases === undefined)
      log.warn({ place: folder.placeOf?.(file) ?? file }, 'releases of what is held cannot be read');
    this.#kept = releases ?? [];
    bridges.heed(this.#kept);
  }

  /** One after the other. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => {});
    return done;
  }
}

/** Undefined where somebody else wrote it: nothing is released by that. */
function readReleases(bytes: Buffer): readonly ReleasedService[] | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof json !== 'object' || json === null || !('releases' in json) || !Array.isArray(json.releases))
      return undefined;
    const releases: readonly unknown[] = json.releases;
    return releases.every(isReleased) ? releases : undefined;
  } catch {
    return undefined;
  }
}

function isReleased(value: unknown): value is ReleasedService {
  if (typeof value !== 'object' || value === null) return false;
  if (!('key' in value) || !('at' in value) || !('until' in value) || typeof value.key !== 'string') return false;
  if (
    'instances' in value &&
    !(Array.isArray(value.instances) && value.instances.every((id) => typeof id === 'string'))
  )
    return false;
  return typeof value.at === 'number' && typeof value.until === 'number';
}
