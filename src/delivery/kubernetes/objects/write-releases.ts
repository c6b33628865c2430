/**
 * Who released what of the deletions that were held in the cluster: kept before anything goes, and told by the log and by events.
 *
 *   isthmus writes release --> kept (ConfigMap isthmus-write-releases) --> carried out --> log, events
 *
 * What cannot be kept is not carried out. Kept are the last few, the newest first: for people, as no program asks for them.
 */
import { hostname } from 'node:os';
import type { Clock } from '../../../model/clock.ts';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { EventRecorder } from '../events/event-recorder.ts';
import { objectNameOf } from '../records/state-object.ts';
import type { ClusterWriter } from './cluster-writer.ts';
import { mostTold, writtenSubject } from './held-events.ts';

const file = 'write-releases.json';
const mostKept = 20;
/** Of one release; its count is of all. */
const mostNamed = 100;
/** An API server takes objects of 1 MiB. */
const maxBytes = 700 * 1024;

interface WriteReleasesOptions {
  readonly systemNamespace: string;
  readonly revision: string;
  readonly events: Pick<EventRecorder, 'record'>;
  /** What outlives the replicas. */
  readonly state: {
    read(file: string): Promise<Buffer | undefined>;
    replace(file: string, bytes: Buffer): Promise<void>;
  };
  readonly writer: Pick<ClusterWriter, 'status' | 'release'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: { warn(about: object, message: string): void };
}

interface Release {
  /** In ISO 8601. */
  readonly at: string;
  /** In their own words: nobody has proven it. */
  readonly by: string;
  readonly replica: string;
  readonly kind: string;
  readonly count: number;
  /** `namespace/name` of the first of them. */
  readonly objects: readonly string[];
}

export class WriteReleases {
  readonly #options: WriteReleasesOptions;
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(options: WriteReleasesOptions) {
    this.#options = options;
  }

  /**
   * Carries out deletions that are held, of one kind or of all, and gives the objects, as `Kind namespace/name`. Throws STATE
   * where it cannot be kept who released them; nothing is released then.
   */
  async release(only: string | undefined, by: string): Promise<readonly string[]> {
    const done = this.#keeping.then(async () => this.#release(only, by));
    this.#keeping = done.catch(() => {});
    return done;
  }

  async #release(only: string | undefined, by: string): Promise<readonly string[]> {
    const { writer, clock } = this.#options;
    const at = clock.now();
    const held = writer.status().kinds.filter((one) => only === undefined || one.kind === only);
    const releases = held.flatMap(({ kind, held: holds }): readonly Release[] => {
      if (holds === undefined) return [];
      const objects = holds.objects.slice(0, mostNamed);
      return [{ at: new Date(at).toISOString(), by, replica: hostname(), kind, count: holds.objects.length, objects }];
    });
    if (releases.length === 0) return [];
    await this.#keep(releases);
    const released = releases.flatMap(({ kind }) => writer.release(kind));
    for (const one of releases) this.#tell(one, String(at));
    return released;
  }

  async #keep(releases: readonly Release[]): Promise<void> {
    const { state } = this.#options;
    try {
      const all = [...releases, ...keptIn(await state.read(file))].slice(0, mostKept);
      const bytesOf = (kept: readonly unknown[]): Buffer => Buffer.from(JSON.stringify({ releases: kept }));
      while (all.length > releases.length && bytesOf(all).length > maxBytes) all.pop();
      await state.replace(file, bytesOf(all));
    } catch (error) {
      const message = `nothing was released, as it cannot be kept who released it: ${messageOf(error)}`;
      throw new IsthmusError('STATE', message, { cause: error });
    }
  }

  #tell({ by, kind, count, objects }: Release, attempt: string): void {
    const { events, log, systemNamespace: namespace, revision } = this.#options;
    const [first = ''] = objects;
    log.warn({ by, kind, count, first }, 'held deletions in the cluster were released');
    const told = { type: 'Normal', reason: 'DeletionReleased', action: 'Delete', attempt } as const;
    const apiVersion = 'v1';
    const record = { apiVersion, kind: 'ConfigMap', namespace, name: objectNameOf(file, revision), uid: '' };
    const subject = { ...record, plural: 'configmaps' };
    const deletions = count === 1 ? 'the deletion' : `${count} deletions`;
    events.record({
      subject,
      ...told,
      note: `${by} released ${deletions} of ${kind}: ${first}${count > 1 ? ' and others' : ''}.`,
    });
    for (const place of objects.slice(0, mostTold)) {
      const object = writtenSubject(kind, place);
      const note = `${by} released ${count === 1 ? 'its deletion' : `its deletion with ${count - 1} of its kind`}.`;
      if (object !== undefined) events.record({ subject: object, ...told, note });
    }
  }
}

/** Nothing of what somebody else wrote there. */
function keptIn(bytes: Buffer | undefined): readonly unknown[] {
  try {
    const json: unknown = JSON.parse(bytes?.toString('utf8') ?? '{}');
    const releases: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'releases') : undefined;
    return Array.isArray(releases) ? releases : [];
  } catch {
    return [];
  }
}
