/**
 * What a caller's connection reads: chunks become frames, as long as nothing says stop. There are several reasons to
 * stop, each set and lifted by itself; stopping takes effect after the frame at hand, and what was read beyond it waits.
 */
import type { Socket } from 'node:net';
import type { FrameReader } from '../connections/frame-reader.ts';

/** Why a caller is not read from. */
export const Pause = { upstream: 1, replies: 2, inFlight: 4, warming: 8, ending: 16 } as const;
type Pause = (typeof Pause)[keyof typeof Pause];

export interface IntakeOwner {
  /** The bytes are no frames of the protocol, or nobody can work on one of them. */
  onUndecodable(error: unknown): void;
  /** Reading goes on after a pause. */
  onResumed(): void;
}

export class Intake {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #owner: IntakeOwner;
  #pauses = 0;
  #closed = false;

  constructor(socket: Socket, reader: FrameReader, owner: IntakeOwner) {
    this.#socket = socket;
    this.#reader = reader;
    this.#owner = owner;
  }

  /** Whether something that the caller has sent may still become a request. */
  get expectsMore(): boolean {
    if (this.#closed) return false;
    return this.#reader.waits || (this.#reader.inFrame && !this.#socket.readableEnded);
  }

  read(chunk: Buffer): void {
    if (!this.#closed) this.#scan(chunk);
  }

  isPausedFor(reason: Pause): boolean {
    return (this.#pauses & reason) !== 0;
  }

  pause(reason: Pause): void {
    if (this.#closed) return;
    if (this.#pauses === 0) this.#socket.pause();
    this.#reader.held = true;
    this.#pauses |= reason;
  }

  unpause(reason: Pause): void {
    if (this.#pauses === 0) return;
    this.#pauses &= ~reason;
    if (this.#isPaused()) return;
    this.#scan(undefined);
    // Going on may have met the next reason to stop.
    if (this.#isPaused()) return;
    this.#socket.resume();
    this.#owner.onResumed();
  }

  /**
   * No more requests. What the caller still sends is read and dropped: closing over unread bytes would reset the
   * connection, and with it what the caller has not read yet.
   */
  close(): void {
    this.#closed = true;
    this.#reader.stopped = true;
    this.#pauses = 0;
    this.#socket.resume();
  }

  #isPaused(): boolean {
    return this.#pauses !== 0;
  }

  /** Reads the chunk; without one, goes on where reading was held. */
  #scan(chunk: Buffer | undefined): void {
    try {
      if (chunk === undefined) this.#reader.resume();
      else this.#reader.read(chunk);
    } catch (error) {
      this.#owner.onUndecodable(error);
    }
  }
}
