/**
 * An Envoy bootstrap file -> the resources it holds, and where the rest comes from. snake_case and camelCase,
 * typed_config and TypedStruct are all the same here: the JSON mapping sees to that.
 */
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { formatAddress } from '../../model/tcp-address.ts';
import { encode, type Message } from '../../xds-api/messages.ts';
import { fromJson, ProtoJsonError } from '../../xds-api/proto-json.ts';
import { isForeign } from './config-source.ts';
import { Rejection } from './rejection.ts';
import { type ResourceChange, type ResourceKind, resourceMessages } from './resources.ts';

export type NodeMessage = Message<'envoy.config.core.v3.Node'>;
type BootstrapMessage = Message<'envoy.config.bootstrap.v3.Bootstrap'>;

type GoogleGrpc = Message<'envoy.config.core.v3.GrpcService.GoogleGrpc'>;

/** By what a control plane is spoken to over TLS: read anew for each connection, since certificates are renewed. */
export interface SecuredChannel {
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
}

export interface AdsServer {
  /** `host:port`. */
  readonly address: string;
  readonly delta: boolean;
  /** Absent: plaintext. */
  readonly secure?: () => Promise<SecuredChannel>;
}

export interface Bootstrap {
  readonly node: NodeMessage;
  readonly admin: string | undefined;
  readonly resources: readonly ResourceChange[];
  readonly ads: AdsServer | undefined;
  /** Paths of fields that this build does not know or heed; they are left out. */
  readonly unknownFields: readonly string[];
}

/** `json` is the parsed file. Throws Rejection. */
export function readBootstrap(json: unknown): Bootstrap {
  const unknownFields: string[] = [];
  let message: BootstrapMessage;
  try {
    message = fromJson('envoy.config.bootstrap.v3.Bootstrap', json, { onUnknown: (path) => unknownFields.push(path) });
  } catch (error) {
    if (error instanceof ProtoJsonError) throw new Rejection(`bootstrap: ${error.message}`);
    throw error;
  }
  const { staticResources } = message;
  const secrets = (staticResources?.secrets ?? []).map((secret) => change('secret', secret.name, secret));
  const clusters = (staticResources?.clusters ?? []).map((cluster) => change('cluster', cluster.name, cluster));
  const listeners = (staticResources?.listeners ?? []).map((listener, index) =>
    change('listener', listener.name || `static-${index}`, listener),
  );
  return {
    node: message.node ?? {},
    admin: adminAddress(message, (path) => unknownFields.push(path)),
    resources: [...clusters, ...secrets, ...listeners],
    ads: adsServer(message, (path) => unknownFields.push(path)),
    unknownFields,
  };
}

function change<K extends ResourceKind>(
  kind: K,
  name: string | undefined,
  message: Message<(typeof resourceMessages)[K]>,
): ResourceChange {
  return {
    kind,
    name: name ?? '',
    version: 'static',
    body: encode<(typeof resourceMessages)[K]>(resourceMessages[kind], message),
  };
}

/** An address of another kind than a socket's is left out, and told. */
function adminAddress({ admin }: BootstrapMessage, leftOut: (path: string) => void): string | undefined {
  const socket = admin?.address?.socketAddress;
  if (admin?.address?.pipe != null) leftOut('admin.address.pipe');
  return socket?.address ? formatAddress(socket.address, socket.portValue ?? 0) : undefined;
}

/** The control plane of dynamic_resources.ads_config: a cluster of the file, or a google_grpc target. */
function adsServer(message: BootstrapMessage, leftOut: (path: string) => void): AdsServer | undefined {
  const source = message.dynamicResources?.adsConfig;
  if (isForeign(message.dynamicResources?.ldsConfig)) leftOut('dynamic_resources.lds_config');
  if (isForeign(message.dynamicResources?.cdsConfig)) leftOut('dynamic_resources.cds_config');
  if (source == null) return undefined;
  const service = source.grpcServices?.[0];
  if ((service?.initialMetadata ?? []).length > 0)
    leftOut('dynamic_resources.ads_config.grpc_services[0].initial_metadata');
  if (service?.googleGrpc != null) rejectCredentials(service.googleGrpc);
  const delta = source.apiType === 3 || source.apiType === 6;
  const target = service?.googleGrpc?.targetUri;
  if (target) return { address: target, delta };
  const name = service?.envoyGrpc?.clusterName;
  if (!name) throw new Rejection('dynamic_resources.ads_config.grpc_services[0] names no cluster');
  return { address: clusterAddress(message, name), delta };
}

/** Rather no control plane than one that is spoken to in plain text against what is written. */
function rejectCredentials({ channelCredentials, callCredentials, credentialsFactoryName }: GoogleGrpc): void {
  const isPlain = channelCredentials?.sslCredentials == null && channelCredentials?.googleDefault == null;
  if (!isPlain || (callCredentials ?? []).length > 0 || credentialsFactoryName)
    throw new Rejection(
      'dynamic_resources.ads_config.grpc_services[0].google_grpc: credentials are not supported by this proxy, which speaks to its control plane in plain text',
    );
}

function clusterAddress(message: BootstrapMessage, name: string): string {
  const cluster = message.staticResources?.clusters?.find((candidate) => candidate.name === name);
  const transport = cluster?.transportSocket;
  if (transport != null && transport.name !== 'envoy.transport_sockets.raw_buffer')
    throw new Rejection(
      `ads_config: cluster ${name} is spoken to over TLS, which this proxy takes from --xds-tls ADDRESS with --certificates FOLDER`,
    );
  const socket = cluster?.loadAssignment?.endpoints?.[0]?.lbEndpoints?.[0]?.endpoint?.address?.socketAddress;
  if (!socket?.address)
    throw new Rejection(`ads_config: cluster ${name} is not among the static clusters, or has no address`);
  return formatAddress(socket.address, socket.portValue ?? 0);
}
