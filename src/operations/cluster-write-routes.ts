/** The part of the admin API that is about what is written into a cluster. */
import type { Hono } from 'hono';
import { callerHeader } from '../model/caller-header.ts';
import type { ClusterWriting } from '../model/cluster-writing.ts';
import { visibleText } from '../model/visible-text.ts';

/** Undefined: it writes into no cluster. */
export interface ClusterWriteViews {
  readonly status: () => ClusterWriting | undefined;
  /** Carries out deletions that are held: of one kind, or of all. Gives the objects. `by`: who asks, in their own words. */
  readonly release: (kind: string | undefined, by: string) => Promise<readonly string[] | undefined>;
  /** Why nothing can be released here: another replica writes, which is named; undefined where this one does. */
  readonly writesElsewhere: () => string | undefined;
}

const longestCaller = 128;

/** What is kept and logged of it is short, and has no character that a terminal heeds. */
function callerOf(written: string | undefined): string {
  const text = visibleText(written ?? '').slice(0, longestCaller);
  return text === '' ? 'somebody' : text;
}

export function addClusterWriteRoutes(app: Hono, views: ClusterWriteViews): void {
  const found = (value: object | undefined): Response =>
    value === undefined
      ? new Response('This control plane writes into no cluster: it was started without --kubernetes.\n', {
          status: 404,
        })
      : Response.json(value);
  app.get('/api/v1/cluster-writes', () => found(views.status()));
  app.post('/api/v1/cluster-writes/release', async ({ req, text }) => {
    // A web page can send a POST to loopback; it cannot leave out where it comes from.
    if (req.header('origin') !== undefined) return text('Not from a web page.\n', 403);
    const status = views.status();
    const kind = req.query('kind');
    const kinds = (status?.kinds ?? []).map((one) => one.kind);
    if (status !== undefined && kind !== undefined && !kinds.includes(kind)) {
      return text(
        `There is no kind "${visibleText(kind)}" that is written; there are ${kinds.join(', ') || 'none'}.\n`,
        404,
      );
    }
    const elsewhere = views.writesElsewhere();
    if (elsewhere !== undefined)
      return text(`This replica does not write, and nothing was released: ${elsewhere}.\n`, 409);
    const released = await views.release(kind, callerOf(req.header(callerHeader)));
    return found(released === undefined ? undefined : { released });
  });
}
