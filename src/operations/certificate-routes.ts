/** The part of the admin API that is about certificates: how they stand, the roots, and the steps of a rotation. */
import type { Hono } from 'hono';
import {
  type CertificateStatus,
  type RotationMove,
  type RotationOutcome,
  rotationMoves,
} from '../model/certificate-status.ts';

/** Undefined: there is no authority. */
export interface CertificateViews {
  readonly status: () => CertificateStatus | undefined;
  /** PEM. */
  readonly roots: () => string | undefined;
  /** Takes a step; what is unsafe only where it is forced. */
  readonly rotate: (move: RotationMove, force: boolean) => Promise<RotationOutcome | undefined>;
  /** How many are renewed within a time, in milliseconds: all, or those of one SPIFFE id. */
  readonly renew: (withinMs: number, identity: string | undefined) => number | undefined;
}

const longestSeconds = 86_400;

export function addCertificateRoutes(app: Hono, views: CertificateViews): void {
  const found = (value: object | undefined): Response =>
    value === undefined
      ? new Response('There is no certificate authority: no workload of this mesh has to prove who it is.\n', {
          status: 404,
        })
      : Response.json(value);
  app.get('/api/v1/certificates', () => found(views.status()));
  app.get('/api/v1/certificates/roots', () => {
    const pem = views.roots();
    return found(pem === undefined ? undefined : { pem });
  });
  app.post('/api/v1/certificates/rotation', async ({ req, text }) => {
    // A web page can send a POST to loopback; it cannot leave out where it comes from.
    if (req.header('origin') !== undefined) return text('Not from a web page.\n', 403);
    const move = rotationMoves.find((one) => one === req.query('step'));
    if (move === undefined) return text(`There is no such step; there are ${rotationMoves.join(', ')}.\n`, 400);
    return found(await views.rotate(move, req.query('force') === 'true'));
  });
  app.post('/api/v1/certificates/renewal', ({ req, text }) => {
    if (req.header('origin') !== undefined) return text('Not from a web page.\n', 403);
    const seconds = Number(req.query('within') ?? 0);
    if (!(seconds >= 0 && seconds <= longestSeconds)) return text('Within is no number of seconds.\n', 400);
    const renewed = views.renew(seconds * 1000, req.query('identity'));
    return found(renewed === undefined ? undefined : { renewed });
  });
}
