/**
 * Our own form of asking for a certificate, for proxies and people without gRPC:
 *
 *   POST /api/v1/certificates  {"csr": "<PKCS #10, PEM>", "lifetimeSeconds": 3600}
 *   200  {"chain": ["<PEM>", ...], "roots": {"<trust domain>": ["<PEM>", ...]}, "notBefore": "<RFC 3339>", "notAfter": ...}
 *   4xx, 5xx  {"error": "<sentence>"}
 */
import type { Identity } from '../model/identity.ts';
import type { CertificateDesk, DeskRefusal, DeskRequest } from './certificate-desk.ts';
import { maxSigningRequestLength } from './signing-request.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

const statuses = { invalid: 400, denied: 403, busy: 429, unavailable: 503 } as const satisfies Record<
  DeskRefusal['kind'],
  number
>;

/** Longer bodies need not be read to their end. */
const maxHttpRequestBytes = 2 * maxSigningRequestLength;

export interface HttpSurroundings {
  readonly desk: CertificateDesk;
  /** All trust domains that are trusted, and their roots. */
  readonly bundles: { all(): ReadonlyMap<string, readonly string[]> };
}

/** `caller` is who was authenticated. Never rejects. */
export async function postCertificate(
  body: Uint8Array,
  caller: Identity,
  { desk, bundles }: HttpSurroundings,
): Promise<HttpAnswer> {
  if (body.length > maxHttpRequestBytes)
    return refusedHttp(413, `the request has more than ${maxHttpRequestBytes} bytes`);
  const request = readRequest(body);
  if (request === undefined)
    return refusedHttp(400, 'the request is no JSON object of a csr and perhaps lifetimeSeconds');
  const answer = await desk.issue(request, caller);
  if (answer.kind !== 'issued') return refusedHttp(statuses[answer.kind], answer.message);
  const { chain, notBefore, notAfter } = answer.certificate;
  const [begin, end] = [new Date(notBefore).toISOString(), new Date(notAfter).toISOString()];
  return json(200, { chain, roots: Object.fromEntries(bundles.all()), notBefore: begin, notAfter: end });
}

function readRequest(body: Uint8Array): DeskRequest | undefined {
  const { csr, lifetimeSeconds }: { csr?: unknown; lifetimeSeconds?: unknown } = parse(body);
  if (typeof csr !== 'string') return undefined;
  if (lifetimeSeconds === undefined) return { csr };
  return typeof lifetimeSeconds === 'number' ? { csr, lifetimeMs: lifetimeSeconds * 1000 } : undefined;
}

function parse(body: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

export function refusedHttp(status: number, error: string): HttpAnswer {
  return json(status, { error });
}

function json(status: number, value: unknown): HttpAnswer {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  return {
    status,
    headers: status === 429 || status === 503 ? { ...headers, 'retry-after': '1' } : headers,
    body: `${JSON.stringify(value)}\n`,
  };
}
