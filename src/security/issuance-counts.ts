/** Counts what an issuer does, around it: how many certificates it gave, how long each took, and how often it could not. */
import type { Issuer } from './issuer.ts';

export interface IssuanceCounts {
  issued(seconds: number): void;
  failed(): void;
}

export function countIssuance(issuer: Issuer, counts: IssuanceCounts): Issuer {
  return {
    get name() {
      return issuer.name;
    },
    trustDomain: issuer.trustDomain,
    async issue(request) {
      const begin = performance.now();
      try {
        const issued = await issuer.issue(request);
        counts.issued((performance.now() - begin) / 1000);
        return issued;
      } catch (error) {
        counts.failed();
        throw error;
      }
    },
    roots: () => issuer.roots(),
    onRootsChanged: (listener) => issuer.onRootsChanged(listener),
    findings: () => issuer.findings(),
    close: () => issuer.close(),
  };
}
