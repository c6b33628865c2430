/** Whose a token of a service account is, as the API server says. Nothing is written by it: any replica may ask. */
import { collectionPath } from './api-paths.ts';
import type { ApiServer } from './api-server.ts';
import { fieldOf } from './plain-fields.ts';

const reviews = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' } as const;

/** The status of the TokenReview, as it was answered. Rejects with ApiFailure. */
export async function reviewToken(server: Pick<ApiServer, 'send'>, token: string, audience: string): Promise<unknown> {
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: [audience] },
  };
  return fieldOf(await server.send({ method: 'POST', path: collectionPath(reviews), body }), 'status');
}
