/** What a visitor (programs/visitor.ts) is asked to do in its network namespace, and what it brings back. */
export interface Errand {
  readonly url: string;
  /** GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many such requests; 1. Each has a connection of its own unless there are more than one. */
  readonly count?: number;
  /** Folder of a workload's certificate: the visitor speaks TLS with it himself, past the sidecar. */
  readonly certificates?: string;
}

/** Requests that came to the same. */
export interface Outcome {
  /** What the server answered; 0 when there was no answer. */
  readonly status: number;
  /** Why there was none, such as ECONNREFUSED. */
  readonly error?: string;
  /** The header by which a store says who it is. */
  readonly identity?: string;
  /** Of the first of them. */
  readonly body: string;
  readonly count: number;
}
