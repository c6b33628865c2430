/**
 * All objects of a kind, as they were at one version: as a stream where the server has that, else page by page.
 *
 *   sendInitialEvents --> ADDED ... ADDED, a bookmark that says "these were all" --> the watch goes on from there
 *   limit, continue   --> page ... page                                           --> a watch from the version of the list
 */
import { ApiFailure, failureOf } from './api-failure.ts';
import type { ApiServer } from './api-server.ts';

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

const pageSize = 500;
const allSent = 'k8s.io/initial-events-end';

/** Objects of one kind; `labels` and `fields`: selectors, absent for all. */
export interface Selection {
  readonly path: string;
  readonly labels?: string;
  readonly fields?: string;
}

function selecting({ labels, fields }: Selection): Readonly<Record<string, string>> {
  return {
    ...(labels === undefined ? {} : { labelSelector: labels }),
    ...(fields === undefined ? {} : { fieldSelector: fields }),
  };
}

/** Page by page. Gives the version to watch from. Rejects with ApiFailure, with 410 where a page came too late. */
export async function readPages(
  server: ApiServer,
  selection: Selection,
  take: (object: unknown) => void,
  signal: AbortSignal,
): Promise<string> {
  let page = '';
  for (;;) {
    const query = new URLSearchParams({
      limit: String(pageSize),
      ...selecting(selection),
      ...(page === '' ? {} : { continue: page }),
    });
    const list = listOf(await server.get(`${selection.path}?${query}`, signal));
    for (const item of list.items) take(typeof item === 'object' ? { ...list.head, ...item } : item);
    if (list.next === '') return list.version;
    page = list.next;
  }
}

interface ListPage {
  readonly items: readonly unknown[];
  /** What items of a list do not say of themselves. */
  readonly head: object;
  readonly version: string;
  /** Empty for the last one. */
  readonly next: string;
}

function listOf(value: unknown): ListPage {
  const { items, metadata, kind, apiVersion } = asObject(value);
  const { resourceVersion, continue: next } = asObject(metadata);
  if (typeof resourceVersion !== 'string' || resourceVersion === '')
    throw new ApiFailure('an answer is no list of objects');
  return {
    items: Array.isArray(items) ? items : [],
    head: { apiVersion, kind: typeof kind === 'string' ? kind.replace(/List$/, '') : kind },
    version: resourceVersion,
    next: typeof next === 'string' ? next : '',
  };
}

/** `from`: a version to go on from; undefined for all that there is, and what comes then. */
export function watchPath(selection: Selection, from: string | undefined, seconds: number): string {
  const start =
    from === undefined
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion: from };
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(seconds),
    ...selecting(selection),
    ...start,
  });
  return `${selection.path}?${query}`;
}

/** Throws ApiFailure for what is no event, and for one that says that the watch failed. */
export function eventOf(value: unknown): WatchEvent {
  const { type, object } = asObject(value);
  if (typeof type !== 'string') throw new ApiFailure('a line is no event');
  if (type === 'ERROR') throw failureOf(object);
  return { type, object };
}

/** The version as of which the event's object stands; undefined where it says none. */
export function versionOf({ object }: WatchEvent): string | undefined {
  const { resourceVersion } = asObject(asObject(object).metadata);
  return typeof resourceVersion === 'string' && resourceVersion !== '' ? resourceVersion : undefined;
}

/** Whether everything has been sent that was there when the watch began. */
export function endsInitialEvents({ type, object }: WatchEvent): boolean {
  const { annotations } = asObject(asObject(object).metadata);
  return type === 'BOOKMARK' && asObject(annotations)[allSent] === 'true';
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
