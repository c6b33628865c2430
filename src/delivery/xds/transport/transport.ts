/** What the xDS server asks of a gRPC transport: calls that carry bytes. */

/** gRPC status codes: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const StatusCode = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface Status {
  readonly code: number;
  readonly message: string;
}

export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The SPIFFE id of its certificate, once verified; absent in plaintext. */
  readonly identity?: string;
}

/** One gRPC call. A call that has ended swallows what is written to it. */
export interface Call {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly peer: Peer;
  /** The header of that name; absent in plaintext, where nothing secret is to be said. */
  readonly authorization?: string;
  /** Writes one message, prefix included, given in pieces that are not copied. False: wait for `drained`. */
  write(pieces: readonly Uint8Array[]): boolean;
  /** Ends the call once what was written has gone out. */
  end(status: Status): void;
  /** Stops and resumes the arrival of messages; those of a chunk already read still arrive. */
  pause(): void;
  resume(): void;
}

export interface CallHandler {
  /** One message, without its prefix. */
  message(bytes: Uint8Array): void;
  drained(): void;
  /** The client will send no more. */
  finished(): void;
  /** The call is over, for whatever reason. Comes once, last. */
  closed(): void;
}

/** Answers a call with its handler, or refuses it. */
export type CallAcceptor = (call: Call) => CallHandler | Status;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Transport {
  readonly address: Address;
  /** Stops accepting, tells clients to go elsewhere, and cuts what is left after `graceMs`. */
  close(graceMs: number): Promise<void>;
}
