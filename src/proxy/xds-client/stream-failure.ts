/** Why a stream to a control plane has failed, in words of an operator's and not of gRPC's debugging. */
import { type ServiceError, status } from '@grpc/grpc-js';

export interface StreamFailure {
  readonly reason: string;
  /** Somebody answered, and would not: another attempt alone mends nothing. */
  readonly refused: boolean;
}

export const streamEnded: StreamFailure = { reason: 'it ended the stream', refused: false };

/** What is found in the details, and what it means. The first that fits counts. */
const meanings: readonly (readonly [found: RegExp, meaning: string])[] = [
  [/ECONNREFUSED/, 'nothing listens there (connection refused)'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, 'its name cannot be resolved'],
  [/EHOSTUNREACH|ENETUNREACH/, 'there is no route to it'],
  [/ETIMEDOUT|timed out|deadline/i, 'it does not answer (timed out)'],
  [/Protocol error/, 'what listens there speaks no gRPC, or only with TLS'],
  [/ECONNRESET|EPIPE|Connection dropped|RST_STREAM/, 'the connection broke'],
  [/Failed to connect/, 'the connection was closed before anything was said'],
];

const refusals: ReadonlyMap<status, string> = new Map([
  [status.UNIMPLEMENTED, 'what answers there serves no aggregated discovery'],
  [status.UNAUTHENTICATED, 'it refuses this proxy'],
  [status.PERMISSION_DENIED, 'it refuses this proxy'],
]);

export function failureOf({ code, details }: Pick<ServiceError, 'code' | 'details'>): StreamFailure {
  const said = withoutNotes(details);
  if (code === status.UNAVAILABLE) {
    const meaning = meanings.find(([found]) => found.test(details))?.[1];
    return { reason: meaning ?? said, refused: false };
  }
  return { reason: `${refusals.get(code) ?? `it answered ${status[code]}`} (${said})`, refused: true };
}

/** grpc-js appends what only its developers can use, and the second at which it happened. */
function withoutNotes(details: string): string {
  const said = details
    .replace(/\.? *Resolution note:.*$/s, '')
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/, '')
    .trim();
  return said === '' ? 'no reason given' : said;
}
