/** Where proxies ask for certificates, over gRPC and over HTTP: who they are is said by their certificate or their token. */
import { type Call, type CallHandler, type Status, StatusCode } from '../../delivery/xds/transport/transport.ts';
import { type Identity, parseSpiffeId } from '../../model/identity.ts';
import { type HttpAnswer, postCertificate, refusedHttp } from '../../security/http-certificate-service.ts';
import { createCertificate, createCertificatePath } from '../../security/istio-certificate-service.ts';
import type { ServiceAccountTokens } from '../../security/service-account-tokens.ts';
import type { MeshAuthority } from './mesh-authority.ts';

/** Answers one request for a certificate: of who shows a certificate that is to be renewed, or a bootstrap token. */
export function certificateCalls(
  authority: () => Promise<MeshAuthority>,
  accounts: ServiceAccountTokens | undefined,
): ReadonlyMap<string, (call: Call) => CallHandler | Status> {
  return new Map([[createCertificatePath, (call) => certificateCall(call, authority, accounts)]]);
}

/** Nothing of the request is read before it is known who sends it. */
function certificateCall(
  call: Call,
  authority: () => Promise<MeshAuthority>,
  accounts: ServiceAccountTokens | undefined,
): CallHandler | Status {
  if (claimOf(call) === undefined) return { code: StatusCode.unauthenticated, message: tokenNeeded };
  call.pause();
  const sender = authority().then(async (opened) => ({ opened, caller: await callerOf(call, opened, accounts) }));
  const failed = (): void => call.end({ code: StatusCode.unavailable, message: 'No certificate can be issued now.' });
  sender.then(({ caller }) => {
    if (typeof caller === 'string') call.end({ code: StatusCode.unauthenticated, message: caller });
    else call.resume();
  }, failed);
  let asked = false;
  return {
    message(bytes) {
      if (asked) return;
      asked = true;
      sender.then((who) => answer(call, bytes, who)).catch(failed);
    },
    drained() {},
    finished: () => {
      if (!asked) call.end({ code: StatusCode.invalidArgument, message: 'There is no request.' });
    },
    closed() {},
  };
}

async function answer(
  call: Call,
  bytes: Uint8Array,
  { opened, caller }: { readonly opened: MeshAuthority; readonly caller: Identity | string },
): Promise<void> {
  if (typeof caller === 'string') return;
  const result = await createCertificate(bytes, caller, opened.desk);
  if (result.kind === 'message') call.write([framed(result.bytes)]);
  call.end(result.kind === 'message' ? { code: StatusCode.ok, message: '' } : result);
}

const tokenNeeded = 'A bootstrap token is needed: see "isthmus token create".';

type Claim = { readonly identity: Identity } | { readonly token: string };

/** Who a caller is, or the token that is to say it. */
function claimOf({ peer, authorization = '' }: Partial<Call>): Claim | undefined {
  const identity = peer?.identity === undefined ? undefined : parseSpiffeId(peer.identity);
  if (identity !== undefined) return { identity };
  const [scheme, token = ''] = authorization.split(' ');
  return scheme?.toLowerCase() === 'bearer' ? { token } : undefined;
}

/** Or why nobody can tell who it is. */
async function callerOf(
  call: Partial<Call>,
  { tokens }: MeshAuthority,
  accounts: ServiceAccountTokens | undefined,
): Promise<Identity | string> {
  const claim = claimOf(call);
  if (claim === undefined) return tokenNeeded;
  if ('identity' in claim) return claim.identity;
  if (accounts?.isOne(claim.token) === true) {
    const account = await accounts.authenticate(claim.token);
    return account.kind === 'refused'
      ? `The token of the service account is refused: ${account.reason}.`
      : account.identity;
  }
  const reading = await tokens.authenticate(claim.token);
  if (reading.kind === 'refused') return `The bootstrap token is refused: ${reading.reason}.`;
  if (reading.nodeId !== undefined)
    return 'The bootstrap token is for one node, and nothing here says who is that node.';
  return reading.identity;
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Answers one POST. */
export function certificatePosts(
  authority: () => Promise<MeshAuthority>,
  accounts: ServiceAccountTokens | undefined,
): (body: Uint8Array, authorization: string) => Promise<HttpAnswer> {
  return async (body, authorization) => {
    const opened = await authority().catch(() => undefined);
    if (opened === undefined) return refusedHttp(503, 'No certificate can be issued now.');
    const caller = await callerOf({ authorization }, opened, accounts).catch(() => undefined);
    if (caller === undefined) return refusedHttp(503, 'Nobody can tell now whose the token is.');
    return typeof caller === 'string' ? refusedHttp(401, caller) : postCertificate(body, caller, opened);
  };
}
