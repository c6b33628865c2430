/**
 * Files and folders, watched: fills one table a kind with what their documents say, and one with what is wrong with them.
 *
 *   system's events --hints--> listing and reading --> doubt? --no--> tables, in one batch
 *        timers    ---------->                           |--yes--> wait until it has stood still, then look again
 *
 * How a deletion is told from a mishap, since nothing may be deleted because it could not be seen:
 * - What is added or changed counts at once, if the file is plausible (plausibility.ts). A file that lost an object, has a
 *   document that cannot be read, or looks half-written (it ends in mid-line or is shorter at its end, and was not renamed
 *   into place) is doubted: what it said stays in force until the same content has stood still for the settle time. Then
 *   it counts; but an object whose document cannot be read, or is refused, keeps its last good version, and an empty file
 *   removes nothing.
 * - A file that is gone from a folder that can be listed is a deletion after the settle time: editors rename.
 * - A root or folder that cannot be listed, a root or folder that lost its last manifest, a manifest that became a pipe or
 *   a device, and a file that cannot be read make the source stale: nothing is removed anywhere, a finding says why, and
 *   it is tried again until it works.
 * What never happens: a throw for what a file or folder holds; half of a save in the tables; a file's text kept in memory.
 */
import type { SourceState } from '../../collections/collection.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { documentLimits } from '../../resources/document-limits.ts';
import { OwnedFindings } from '../owned-findings.ts';
import { type SourceTables, setStates } from '../resource-tables.ts';
import type { Source } from '../source.ts';
import { Doubts } from './doubts.ts';
import { FileContents } from './file-contents.ts';
import { errorCodeOf, type FileContent, type FileSystem, type Look, nodeFileSystem } from './file-system.ts';
import { fileFinding, type ManifestReading, type ReadResources, readManifest } from './manifest-reading.ts';
import { findDoubt, keysOf } from './plausibility.ts';
import { RootSurvey } from './root-survey.ts';

export interface FileSourceOptions {
  /** Files and folders, as the user wrote them. */
  readonly roots: readonly string[];
  readonly tables: SourceTables;
  readonly batch: (change: () => void) => void;
  readonly read: ReadResources;
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  /** How long a doubtful content has to stand still. 2,000 ms when absent. */
  readonly settleMs?: number;
  /** How often everything is looked at, whatever the system's events say. 10,000 ms when absent. */
  readonly rescanMs?: number;
}

/** Content that counts. */
interface Accepted {
  readonly fingerprint: string;
  readonly reading: ManifestReading;
}

/** A doubtful file beyond this size is left alone for a while: this many times as long as it took to read it. */
const largeBytes = 1024 * 1024;
const restFactor = 10;

/** How soon what could not be seen is looked at again. */
const retryMs = 1000;

export class FileSource implements Source {
  readonly #options: FileSourceOptions;
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #findings: OwnedFindings;
  readonly #contents: FileContents;
  readonly #survey: RootSurvey;
  readonly #doubts: Doubts;
  /** Files that are there and cannot be read, and why. */
  readonly #unreadable = new Map<string, Finding>();
  /** Folders and files that hold nothing where they held something, and what is said of them. */
  readonly #withheld = new Map<string, Finding>();
  #state: SourceState = 'syncing';
  #running: Promise<void> | undefined;
  #nextScan = 0;
  #cancelTimer: () => void = () => {};
  #isClosed = false;
  #markStarted: () => void = () => {};
  #markFailed: (error: unknown) => void = () => {};

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#fileSystem = options.fileSystem ?? nodeFileSystem;
    this.#clock = options.clock ?? systemClock;
    this.#settleMs = options.settleMs ?? 2000;
    this.#findings = new OwnedFindings(options.tables.findings);
    this.#contents = new FileContents(options.tables, this.#findings);
    this.#survey = new RootSurvey(this.#fileSystem, options.roots, () => this.#wake());
    this.#doubts = new Doubts(this.#clock, this.#settleMs);
  }

  get state(): SourceState {
    return this.#state;
  }

  get isComplete(): boolean {
    return this.#state === 'live';
  }

  /** Resolves when all there is has been read, or it is clear that not all of it can be. Rejects for nobody's file. */
  async start(): Promise<void> {
    const started = new Promise<void>((done, fail) => {
      this.#markStarted = done;
      this.#markFailed = fail;
    });
    this.#options.batch(() => this.#options.tables.findings.setState('live'));
    this.#survey.wantScan();
    await started;
  }

  /** Stops watching. What is in the tables stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#survey.close();
    await this.#running;
    this.#markStarted();
  }

  #wake(): void {
    if (this.#isClosed || this.#running !== undefined) return;
    this.#running = this.#work().then(
      () => {
        this.#running = undefined;
        if (this.#survey.isAwake) this.#wake();
      },
      // A defect, or one of a reader of the tables: `start` rejects with it, and later it ends the program.
      (error: unknown) => {
        this.#markFailed(error);
        throw error;
      },
    );
  }

  async #work(): Promise<void> {
    const hints = this.#survey.takeHints();
    const looks = hints === undefined ? await this.#survey.scan() : await this.#lookAt(hints);
    const gone = hints === undefined ? this.#findGone(looks) : [];
    const accepted = new Map<string, Accepted>();
    for (const [path, look] of looks) {
      const content = await this.#examine(path, look);
      if (content !== undefined) accepted.set(path, content);
    }
    if (this.#isClosed) return;
    this.#options.batch(() => this.#publish(accepted, gone));
    if (hints === undefined) this.#nextScan = this.#clock.now() + this.#scanInterval();
    this.#setTimer();
    if (this.#state !== 'syncing') this.#markStarted();
  }

  async #lookAt(paths: ReadonlySet<string>): Promise<ReadonlyMap<string, Look>> {
    const looks = new Map<string, Look>();
    for (const path of paths) {
      try {
        const look = await this.#fileSystem.look(path);
        if (look.kind !== 'file') this.#survey.wantScan();
        else if (this.#survey.isManifest(path)) looks.set(path, look);
      } catch (error) {
        if (errorCodeOf(error) === 'ENOENT') this.#noteAbsence(path);
        else this.#survey.wantScan();
      }
    }
    return looks;
  }

  /** Known files that a scan did not list, and that have been gone for the settle time. */
  #findGone(looks: ReadonlyMap<string, Look>): readonly string[] {
    for (const path of this.#unreadable.keys()) if (!looks.has(path)) this.#unreadable.delete(path);
    for (const [path] of this.#doubts.entries()) {
      if (!looks.has(path) && (this.#contents.get(path) === undefined || this.#survey.mayBeThere(path)))
        this.#doubts.clear(path);
    }
    this.#withheld.clear();
    return [...this.#contents.paths()].filter(
      (path) => !looks.has(path) && !this.#survey.mayBeThere(path) && !this.#withhold(path) && this.#doubtAbsence(path),
    );
  }

  /** A known file that is not listed, in circumstances that look like a mishap: what it said stays. */
  #withhold(path: string): boolean {
    const reason = this.#survey.passedOver(path);
    const folder = this.#survey.emptiedFolder(path);
    const name = reason === undefined ? folder : path;
    if (name === undefined) return false;
    const kind = reason === undefined ? 'Folder' : 'File';
    const message = `${reason ?? 'there is no manifest in it any more'}; what was said before stays in force`;
    this.#withheld.set(name, finding('ISTH0014', { object: { kind, name }, message }));
    this.#doubts.clear(path);
    return true;
  }

  /** Whether it is gone for good, only a listing of its folder can tell. What a save leaves for a moment is no concern. */
  #noteAbsence(path: string): void {
    if (this.#contents.get(path) !== undefined) this.#doubtAbsence(path);
    else if (this.#survey.isManifest(path) || this.#survey.isFolder(path)) this.#survey.wantScan();
  }

  #doubtAbsence(path: string): boolean {
    return this.#doubts.hasSettled(path, undefined, 'it is gone');
  }

  /** Reads a file that is not known as it is; undefined where there is nothing new that counts. */
  async #examine(path: string, look: Look): Promise<Accepted | undefined> {
    const known = this.#contents.get(path);
    if (known?.fingerprint === look.fingerprint) {
      this.#doubts.clear(path);
      this.#unreadable.delete(path);
      return undefined;
    }
    if (this.#doubts.isWaiting(path, look.fingerprint) || this.#doubts.isResting(path)) return undefined;
    const start = performance.now();
    const content = await this.#read(path);
    if (content === undefined) return undefined;
    const reading = await readManifest({ path, bytes: content.bytes }, known?.documents ?? [], this.#options.read);
    if (this.#judge(path, content, reading)) return { fingerprint: content.look.fingerprint, reading };
    if (content.look.size > largeBytes) this.#doubts.rest(path, restFactor * (performance.now() - start));
    return undefined;
  }

  async #read(path: string): Promise<FileContent | undefined> {
    try {
      const content = await this.#fileSystem.read(path, documentLimits.fileBytes);
      this.#unreadable.delete(path);
      if (content !== undefined) return content;
      const message = `it has more than ${documentLimits.fileBytes} bytes; what it said before stays in force`;
      this.#unreadable.set(path, fileFinding(path, 'ISTH0005', message));
      this.#doubts.clear(path);
    } catch (error) {
      // Gone since it was listed: its folder's own event tells.
      if (errorCodeOf(error) !== 'ENOENT') this.#unreadable.set(path, fileFinding(path, 'ISTH0001', messageOf(error)));
    }
    return undefined;
  }

  /** Whether a content counts. */
  #judge(path: string, { look, isSteady }: FileContent, reading: ManifestReading): boolean {
    const known = this.#contents.get(path);
    const doubt = isSteady ? findDoubt(known, reading, look.isFinished) : 'it changes while it is read';
    const isFirst = this.#state === 'syncing' && known === undefined && isSteady;
    if (doubt === undefined || (isFirst && !this.#isFreshDamage(look, reading))) {
      this.#doubts.clear(path);
      return true;
    }
    if (reading.isEmpty && known !== undefined && keysOf(known).length > 0) {
      this.#doubts.hold(path, look.fingerprint, doubt);
      return false;
    }
    return this.#doubts.hasSettled(path, look.fingerprint, doubt);
  }

  /** At the start there is nothing to fall back on: only a file that is damaged and was written just now is waited for. */
  #isFreshDamage(look: Look, reading: ManifestReading): boolean {
    const isDamaged = reading.isEmpty || reading.documents.some(({ state }) => state.isUnidentified);
    return isDamaged && Math.abs(this.#clock.now() - look.modified) < this.#settleMs;
  }

  #publish(accepted: ReadonlyMap<string, Accepted>, gone: readonly string[]): void {
    const isWhole = this.#survey.isComplete && this.#unreadable.size === 0 && this.#withheld.size === 0;
    if (this.#state !== 'syncing' || this.#doubts.size === 0) this.#setState(isWhole ? 'live' : 'stale');
    for (const path of gone) this.#doubts.clear(path);
    this.#contents.apply(accepted, gone);
    this.#findings.replaceAll('root ', this.#survey.findings());
    this.#findings.replaceAll('read ', new Map([...this.#unreadable].map(([path, one]) => [`read ${path}`, [one]])));
    this.#findings.replaceAll('held ', new Map([...this.#withheld].map(([name, one]) => [`held ${name}`, [one]])));
    this.#findings.replaceAll('doubt ', new Map(this.#doubtFindings()));
  }

  #setState(state: SourceState): void {
    if (state === this.#state) return;
    this.#state = state;
    setStates(this.#options.tables, state);
  }

  #doubtFindings(): [string, readonly Finding[]][] {
    return [...this.#doubts.entries()].map(([path, { reason, due }]) => {
      const message =
        due === undefined ? `${reason}; what it said before stays in force` : `${reason}; waiting whether it stays so`;
      return [`doubt ${path}`, [fileFinding(path, due === undefined ? 'ISTH0014' : 'ISTH0011', message)]];
    });
  }

  /** Trouble may end without an event. */
  #scanInterval(): number {
    const isTroubled = this.#state === 'stale' || !this.#survey.isWatchedWhole;
    return isTroubled ? retryMs : (this.#options.rescanMs ?? 10_000);
  }

  #setTimer(): void {
    this.#cancelTimer();
    const wakeAt = Math.min(this.#nextScan, this.#doubts.nextDue() ?? Number.POSITIVE_INFINITY);
    this.#cancelTimer = this.#clock.after(Math.max(0, wakeAt - this.#clock.now()), () => this.#onTimer());
  }

  #onTimer(): void {
    const due = this.#doubts.due();
    if (this.#nextScan <= this.#clock.now() || due.some((path) => this.#doubts.isAbsence(path)))
      this.#survey.wantScan();
    else if (due.length > 0) this.#survey.wantLook(due);
    else this.#setTimer();
  }
}
