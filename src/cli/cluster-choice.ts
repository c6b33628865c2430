/** Which cluster a command speaks with, and which control plane in it. */

export interface ClusterChoice {
  /** A file; absent: as kubectl finds it. */
  readonly kubeconfig?: string;
  /** Absent: the file's current one. */
  readonly context?: string;
  /** How long an answer of the API server may take, in milliseconds. */
  readonly requestTimeout?: number;
}

/** Where a control plane keeps what outlives it. */
export type StateChoice = { readonly folder: string } | { readonly cluster: ClusterStateChoice };

export interface ClusterStateChoice extends ClusterChoice {
  readonly revision: string;
  readonly systemNamespace: string;
}
