/** What becomes of headers of HTTP requests, and of their answers, on their way. */
export interface HeaderValue {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** Sorted by name. What is set takes the place of what is there. */
export interface HeaderChanges {
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

/** Of requests and of their answers. */
export interface HttpHeaderChanges {
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
  /** In place of the authority that the caller named. */
  readonly authority?: string;
}
