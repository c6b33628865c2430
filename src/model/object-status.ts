/** What is told of an object where it stands: conditions, and what its kind tells besides. Times are given by who writes it. */

export interface Condition {
  /** A state and no transition: `Accepted`, `Programmed`. */
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word in CamelCase; never empty. */
  readonly reason: string;
  /** For people; bounded. */
  readonly message: string;
}

export interface ObjectStatus {
  /** Of the resource. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Of the very object, where it is known. */
  readonly uid?: string;
  /** Heeded by every control plane in the cluster: neither it nor its Namespace names one. */
  readonly isShared?: boolean;
  /** What all of it was seen at; absent for what has none. */
  readonly generation?: number;
  /** Each type once, in the order in which they are shown. */
  readonly conditions: readonly Condition[];
  /** What the kind tells besides, as its definition has it. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** Likewise; milliseconds since the epoch. */
  readonly times?: Readonly<Record<string, number>>;
}

/** What proxies made of an object, at one generation of it. */
export interface Programming {
  /** Of the resource. */
  readonly key: string;
  readonly generation?: number;
  /** pending: some have yet to answer; taken: by all that are there; refused: see `refusal`. */
  readonly state: 'pending' | 'taken' | 'refused';
  readonly refusal?: ProxyRefusal;
  /** Who has yet to answer, where that takes long. */
  readonly waitsFor?: SomeProxies;
  /** Taken, as far as that can be said where no proxy was connected to any replica. */
  readonly isWithoutProxies?: boolean;
}

/** Reason of Programmed=True where no proxy is connected: it gives way to the word of proxies, and never takes its place. */
export const withoutProxies = 'NoProxies';

export interface SomeProxies {
  readonly count: number;
  /** The first few of them, sorted. */
  readonly proxies: readonly string[];
}

/** By proxies that hold to what they had before. */
export interface ProxyRefusal extends SomeProxies {
  /** The words of the first. */
  readonly reason: string;
}
