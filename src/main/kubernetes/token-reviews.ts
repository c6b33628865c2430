/** Tokens of service accounts, which the API server is asked about: by every replica, for nothing is written by it. */
import { collectionPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { systemClock } from '../../model/clock.ts';
import { ServiceAccountTokens } from '../../security/service-account-tokens.ts';

const reviews = { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews' } as const;

export function reviewedTokens(server: ApiServer, trustDomain: () => string): ServiceAccountTokens {
  return new ServiceAccountTokens({
    trustDomain,
    clock: systemClock,
    review: async (token, audience) => {
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [audience] },
      };
      const answer = await server.send({ method: 'POST', path: collectionPath(reviews), body });
      return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'status') : undefined;
    },
  });
}
