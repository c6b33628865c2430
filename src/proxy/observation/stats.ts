/** What is counted. Plain numbers in plain objects: counting costs one addition, and reading them is rare. */
import { Histogram } from './histogram.ts';

/** One MetaProtocolProxy filter, under the names of the reference (meta_protocol.<protocol>.<stat prefix>.*). */
export class ProtocolStats {
  request = 0;
  requestTwoway = 0;
  requestOneway = 0;
  requestStream = 0;
  requestEvent = 0;
  requestDecodingSuccess = 0;
  requestDecodingError = 0;
  requestActive = 0;
  response = 0;
  responseSuccess = 0;
  responseError = 0;
  responseBusinessException = 0;
  responseDecodingSuccess = 0;
  responseDecodingError = 0;
  responseErrorCausedConnectionClose = 0;
  localResponseSuccess = 0;
  localResponseError = 0;
  localResponseBusinessException = 0;
  /** Requests, and connections, of peers that access rules do not permit. */
  requestDenied = 0;
  /** Of these, requests of which nobody can tell what a server would take them for. */
  requestUnclear = 0;
  cxDenied = 0;
  /** Connections that broke off in the TLS handshake, or were refused in it. */
  cxHandshakeRefused = 0;
  rateLimited = 0;
  rateLimitOk = 0;
  /** Requests, and replies, that got an error in their stead because the route's change cannot be made. */
  requestMutationRefused = 0;
  responseMutationRefused = 0;
  /** Those that went on unchanged, because frames of their flavour have no place for a change. */
  requestMutationLeftOut = 0;
  responseMutationLeftOut = 0;
  mirrored = 0;
  mirrorDropped = 0;
  cxTotal = 0;
  cxActive = 0;
  cxOverflow = 0;
  cxUnreadOverflow = 0;
  cxDestroyLocalWithActiveRq = 0;
  cxDestroyRemoteWithActiveRq = 0;
  idleTimeout = 0;
  rxBytes = 0;
  txBytes = 0;
  /** Milliseconds from the request's last byte to the reply's. */
  readonly requestTimeMs = new Histogram();
}

/** One cluster (cluster.<name>.*). */
export class ClusterStats {
  cxTotal = 0;
  cxActive = 0;
  cxConnectFail = 0;
  cxConnectTimeout = 0;
  cxOverflow = 0;
  rqTotal = 0;
  rqTimeout = 0;
  rqPendingOverflow = 0;
  rqRetry = 0;
  /** Requests without a reply that were lost because their connection could not be established. */
  rqOnewayLost = 0;
  noHealthyUpstream = 0;
  decodingErrors = 0;
  lateReplies = 0;
  unexpectedFrames = 0;
  heartbeats = 0;
  rxBytes = 0;
  lastError = '';
}
