/**
 * Tokens of Kubernetes' service accounts: what a proxy in a Pod shows until it has a certificate. The API server says whose a
 * token is, whether its Pod still stands, and whom it is for: only one for us counts, so that nobody who is shown a token can use
 * it here. What cannot be good by its own words is refused without asking.
 */
import { decodeJwt } from 'jose';
import type { Clock } from '../model/clock.ts';
import { isIdentity } from '../model/identity.ts';
import { tokenAudience } from '../translate/injection/injection-settings.ts';
import type { TokenReading } from './bootstrap-tokens.ts';
import { FairTurns } from './fair-turns.ts';

export interface ServiceAccountTokensOptions {
  readonly trustDomain: () => string;
  /** Asks the API server by a TokenReview; gives its status. Rejects where it cannot be asked. */
  readonly review: (token: string, audience: string) => Promise<unknown>;
  readonly clock: Clock;
}

const longestToken = 16_384;
const toleranceMs = 60_000;
/** What strangers make us ask is bounded: their tokens look as good as any, until they are asked about. */
const turns = { concurrency: 16, maxWaiting: 1_000, maxWaitingOfOne: 100 } as const;

export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;
  readonly #turns = new FairTurns(turns);

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  /** Whether it says of itself that it is that of a service account. */
  isOne(token: string): boolean {
    return subjectOf(claimsOf(token)) !== undefined;
  }

  /** Never throws for what it is given. Rejects where the API server cannot be asked now. */
  async authenticate(token: string): Promise<TokenReading> {
    const claims = claimsOf(token);
    const stated = subjectOf(claims);
    if (claims === undefined || stated === undefined) return refused('it is no token of a service account');
    const { exp, aud = [] } = claims;
    if (!(Array.isArray(aud) ? aud : [aud]).includes(tokenAudience))
      return refused(`it is not for the audience "${tokenAudience}"`);
    if (typeof exp !== 'number' || exp * 1000 + toleranceMs < this.#options.clock.now())
      return refused('the token has expired');
    const turn = this.#turns.take(stated);
    if (turn === undefined) return refused('too many tokens of this service account are being looked at; come again');
    await turn;
    try {
      return this.#read(await this.#options.review(token, tokenAudience));
    } finally {
      this.#turns.leave();
    }
  }

  #read(status: unknown): TokenReading {
    const { authenticated, audiences, user } = fieldsOf(status);
    if (authenticated !== true) return refused('the API server does not know it');
    // A server that does not look at audiences says none.
    if (!Array.isArray(audiences) || !audiences.includes(tokenAudience))
      return refused(`the API server does not say that it is for the audience "${tokenAudience}"`);
    const [, namespace = '', serviceAccount = ''] = form.exec(String(fieldsOf(user).username)) ?? [];
    const identity = { trustDomain: this.#options.trustDomain(), namespace, serviceAccount };
    return isIdentity(identity) ? { kind: 'identity', identity } : refused('it is that of no service account');
  }
}

const form = /^system:serviceaccount:([^:]+):([^:]+)$/;

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  if (token.length > longestToken) return undefined;
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

function subjectOf(claims: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const sub = claims?.sub;
  return typeof sub === 'string' && form.test(sub) ? sub : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The reason is fit for the caller and for logs: it repeats nothing of the token. */
function refused(reason: string): TokenReading {
  return { kind: 'refused', reason };
}
