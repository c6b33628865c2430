/**
 * `istio.v1.auth.IstioCertificateService/CreateCertificate`, as istio-agent and its like speak it: bytes of a request and who
 * called in, bytes of a response or a gRPC status out.
 */
import type { Identity } from '../model/identity.ts';
import { decode, encode, type Message } from '../xds-api/messages.ts';
import type { CertificateDesk, DeskRefusal } from './certificate-desk.ts';
import { maxSigningRequestLength } from './signing-request.ts';

export const createCertificatePath = '/istio.v1.auth.IstioCertificateService/CreateCertificate';

export type IstioAnswer =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** Code and message of a gRPC status. */
  | { readonly kind: 'status'; readonly code: number; readonly message: string };

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const statusCodes = { invalid: 3, denied: 7, busy: 8, unavailable: 14 } as const satisfies Record<
  DeskRefusal['kind'],
  number
>;

/** A signing request and some metadata; transports need take no more. */
export const maxCertificateRequestBytes = 2 * maxSigningRequestLength;
const requestName = 'istio.v1.auth.IstioCertificateRequest';

/** `caller` is who was authenticated. Never rejects. */
export async function createCertificate(
  bytes: Uint8Array,
  caller: Identity,
  desk: CertificateDesk,
): Promise<IstioAnswer> {
  if (bytes.length > maxCertificateRequestBytes)
    return status('invalid', `the request has more than ${maxCertificateRequestBytes} bytes`);
  const request = read(bytes);
  if (request === undefined) return status('invalid', `the request is no ${requestName}`);
  const wish = refusedWish(request);
  if (wish !== undefined) return wish;
  const { csr = '', validityDuration = 0 } = request;
  const answer = await desk.issue(
    { csr, ...(validityDuration === 0 ? {} : { lifetimeMs: validityDuration * 1000 }) },
    caller,
  );
  if (answer.kind !== 'issued') return status(answer.kind, answer.message);
  const { chain, roots } = answer.certificate;
  // Agents take the last for the root, and all that is in it: PEM may hold several.
  const certChain = [...chain, roots.join('')];
  return { kind: 'message', bytes: encode('istio.v1.auth.IstioCertificateResponse', { certChain }) };
}

function read(bytes: Uint8Array): Message<typeof requestName> | undefined {
  try {
    return decode(requestName, bytes);
  } catch {
    return undefined;
  }
}

/** To issue all the same would be to ignore for whom, or by whom. */
function refusedWish({ metadata }: Message<typeof requestName>): IstioAnswer | undefined {
  const wishes = metadata?.fields ?? {};
  if (Object.hasOwn(wishes, 'ImpersonatedIdentity'))
    return status('denied', 'nobody is given certificates of another identity');
  if (Object.hasOwn(wishes, 'CertSigner')) return status('invalid', 'there is one signer: ask without CertSigner');
  return undefined;
}

function status(kind: DeskRefusal['kind'], message: string): IstioAnswer {
  return { kind: 'status', code: statusCodes[kind], message };
}
