/**
 * The Client Status Discovery Service: which clients are connected, and at which version each of their resources
 * stands. Names and versions, never contents, and to callers on this machine only: what one proxy is told is no
 * business of another's.
 */

import { isLoopback } from '../../../model/loopback.ts';
import { decode, encode, enumValue, type envoy } from '../../../xds-api/messages.ts';
import type { XdsStream } from '../streams/stream.ts';
import { type Call, type CallHandler, type Status, StatusCode } from '../transport/transport.ts';
import { resourceStatuses } from './status.ts';

type Request = envoy.service.status.v3.ClientStatusRequest;
type ClientConfig = envoy.service.status.v3.ClientConfig;
type GenericConfig = envoy.service.status.v3.ClientConfig.GenericXdsConfig;
type StringMatcher = envoy.type.matcher.v3.StringMatcher;

const MAX_CLIENTS = 200;
const MAX_RESOURCES = 50_000;
const configStatus = (name: string): number => enumValue('envoy.service.status.v3.ConfigStatus', name);
const clientStatus = (name: string): number => enumValue('envoy.admin.v3.ClientResourceStatus', name);

export function serveClientStatus(call: Call, streams: () => Iterable<XdsStream>): CallHandler | Status {
  if (!isLoopback(call.peer.address)) {
    return { code: StatusCode.permissionDenied, message: 'Client status is given to callers on this machine only.' };
  }
  return {
    message(bytes) {
      try {
        call.write([framed(answer(bytes, streams()))]);
      } catch {
        call.end({ code: StatusCode.invalidArgument, message: 'The client status request is malformed.' });
      }
    },
    finished: () => call.end({ code: StatusCode.ok, message: '' }),
    drained() {},
    closed() {},
  };
}

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** At most 200 streams, and no more once 50,000 resources are told; node matchers narrow it to others. */
function answer(bytes: Uint8Array, streams: Iterable<XdsStream>): Uint8Array {
  const request = decode('envoy.service.status.v3.ClientStatusRequest', bytes);
  const config: ClientConfig[] = [];
  let resources = 0;
  for (const stream of streams) {
    if (stream.node === undefined || !matches(request, stream.node.id)) continue;
    if (config.length >= MAX_CLIENTS || resources >= MAX_RESOURCES) break;
    const client = clientConfig(stream);
    resources += client.genericXdsConfigs?.length ?? 0;
    config.push(client);
  }
  return encode('envoy.service.status.v3.ClientStatusResponse', { config });
}

/** Matchers on anything but the node id match nothing, rather than everything. */
function matches({ nodeMatchers = [] }: Request, id: string): boolean {
  if (nodeMatchers.length === 0) return true;
  return nodeMatchers.some(
    ({ nodeId, nodeMetadatas = [] }) => nodeId !== undefined && nodeMetadatas.length === 0 && matchesText(nodeId, id),
  );
}

function matchesText(matcher: StringMatcher, id: string): boolean {
  const fold = (text: string): string => (matcher.ignoreCase ? text.toLowerCase() : text);
  const text = fold(id);
  if (matcher.exact) return text === fold(matcher.exact);
  if (matcher.prefix) return text.startsWith(fold(matcher.prefix));
  if (matcher.suffix) return text.endsWith(fold(matcher.suffix));
  if (matcher.contains) return text.includes(fold(matcher.contains));
  return false;
}

function clientConfig(stream: XdsStream): ClientConfig {
  return {
    node: { id: stream.node?.id ?? '' },
    genericXdsConfigs: stream.exchanges.flatMap(({ typeUrl }) => genericConfigs(stream, typeUrl)),
  };
}

function genericConfigs(stream: XdsStream, typeUrl: string): GenericConfig[] {
  const refusal = stream.exchanges.find((exchange) => exchange.typeUrl === typeUrl)?.refusal;
  return resourceStatuses(stream, typeUrl).map(({ name, expected, sentVersion, refused }) => {
    const state = refused ? 'ERROR' : sentVersion === undefined ? 'NOT_SENT' : 'SYNCED';
    return {
      typeUrl,
      name,
      versionInfo: sentVersion ?? '',
      configStatus: configStatus(state === 'SYNCED' && expected?.version !== sentVersion ? 'STALE' : state),
      clientStatus: clientStatus(refused ? 'NACKED' : sentVersion === undefined ? 'REQUESTED' : 'ACKED'),
      ...(refused ? { errorState: { details: refusal?.message ?? '', versionInfo: refusal?.version ?? '' } } : {}),
    };
  });
}
