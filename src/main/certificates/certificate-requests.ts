/** Where proxies ask for certificates, over gRPC and over HTTP: who they are is said by their certificate or their token. */
import { type Call, type CallHandler, StatusCode } from '../../delivery/xds/transport.ts';
import { type Identity, parseSpiffeId } from '../../model/identity.ts';
import { type HttpAnswer, postCertificate, refusedHttp } from '../../security/http-certificate-service.ts';
import { createCertificate, createCertificatePath } from '../../security/istio-certificate-service.ts';
import type { MeshAuthority } from './mesh-authority.ts';

/** Answers one request for a certificate: of who shows a certificate that is to be renewed, or a bootstrap token. */
export function certificateCalls(
  authority: () => Promise<MeshAuthority>,
): ReadonlyMap<string, (call: Call) => CallHandler> {
  return new Map([[createCertificatePath, (call) => certificateCall(call, authority)]]);
}

function certificateCall(call: Call, authority: () => Promise<MeshAuthority>): CallHandler {
  let asked = false;
  const answer = async (bytes: Uint8Array): Promise<void> => {
    const opened = await authority();
    const caller = await callerOf(call, opened);
    if (typeof caller === 'string') return call.end({ code: StatusCode.unauthenticated, message: caller });
    const result = await createCertificate(bytes, caller, opened.desk);
    if (result.kind === 'status') return call.end(result);
    call.write([framed(result.bytes)]);
    call.end({ code: StatusCode.ok, message: '' });
  };
  return {
    message(bytes) {
      if (asked) return;
      asked = true;
      answer(bytes).catch(() =>
        call.end({ code: StatusCode.unavailable, message: 'No certificate can be issued now.' }),
      );
    },
    drained() {},
    finished: () => {
      if (!asked) call.end({ code: StatusCode.invalidArgument, message: 'There is no request.' });
    },
    closed() {},
  };
}

/** Or why nobody can tell who it is. */
async function callerOf(
  { peer, authorization = '' }: Partial<Call>,
  { tokens }: MeshAuthority,
): Promise<Identity | string> {
  const known = peer?.identity === undefined ? undefined : parseSpiffeId(peer.identity);
  if (known !== undefined) return known;
  const [scheme, token = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'bearer') return 'A bootstrap token is needed: see "isthmus token create".';
  const reading = await tokens.authenticate(token);
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
): (body: Uint8Array, authorization: string) => Promise<HttpAnswer> {
  return async (body, authorization) => {
    const opened = await authority().catch(() => undefined);
    if (opened === undefined) return refusedHttp(503, 'No certificate can be issued now.');
    const caller = await callerOf({ authorization }, opened);
    return typeof caller === 'string' ? refusedHttp(401, caller) : postCertificate(body, caller, opened);
  };
}
