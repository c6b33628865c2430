/**
 * Reads the Envoy API's .proto files (as grpc-js-xds ships them) and our own under src/xds-api/proto, keeps the
 * messages that can be reached from `roots`, and writes src/xds-api/gen: one descriptor for the runtime, one set of
 * types for the compiler. Nothing of it is committed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';

const here = path.resolve(import.meta.dirname, '..');
const packageFolder = (name: string): string =>
  path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
const deps = path.join(packageFolder('@grpc/grpc-js-xds'), 'deps');
const own = path.join(here, 'src/xds-api/proto');
const include = [
  own,
  ...['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds'].map((name) => path.join(deps, name)),
  packageFolder('protobufjs'),
];
const out = path.join(here, 'src/xds-api/gen');

/** Files to load, and the messages in them that the product encodes, decodes or prints. */
const roots: Record<string, readonly string[]> = {
  'istio/networking/nds/v1/nds.proto': ['istio.networking.nds.v1.NameTable'],
  'envoy/service/discovery/v3/discovery.proto': [
    'envoy.service.discovery.v3.DiscoveryRequest',
    'envoy.service.discovery.v3.DiscoveryResponse',
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'envoy.service.discovery.v3.Resource',
  ],
  'envoy/service/status/v3/csds.proto': [
    'envoy.service.status.v3.ClientStatusRequest',
    'envoy.service.status.v3.ClientStatusResponse',
  ],
  'envoy/config/bootstrap/v3/bootstrap.proto': ['envoy.config.bootstrap.v3.Bootstrap'],
  'envoy/config/listener/v3/listener.proto': ['envoy.config.listener.v3.Listener'],
  'envoy/config/route/v3/route.proto': ['envoy.config.route.v3.RouteConfiguration'],
  'envoy/config/cluster/v3/cluster.proto': ['envoy.config.cluster.v3.Cluster'],
  'envoy/config/endpoint/v3/endpoint.proto': ['envoy.config.endpoint.v3.ClusterLoadAssignment'],
  'envoy/admin/v3/config_dump.proto': ['envoy.admin.v3.ConfigDump'],
  'envoy/admin/v3/config_dump_shared.proto': [
    'envoy.admin.v3.BootstrapConfigDump',
    'envoy.admin.v3.ListenersConfigDump',
    'envoy.admin.v3.ClustersConfigDump',
    'envoy.admin.v3.RoutesConfigDump',
    'envoy.admin.v3.EndpointsConfigDump',
  ],
  'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto': [
    'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
  ],
  'envoy/extensions/filters/network/thrift_proxy/v3/thrift_proxy.proto': [
    'envoy.extensions.filters.network.thrift_proxy.v3.ThriftProxy',
  ],
  'envoy/extensions/filters/network/thrift_proxy/router/v3/router.proto': [
    'envoy.extensions.filters.network.thrift_proxy.router.v3.Router',
  ],
  'envoy/extensions/filters/network/generic_proxy/v3/generic_proxy.proto': [
    'envoy.extensions.filters.network.generic_proxy.v3.GenericProxy',
    'envoy.extensions.filters.network.generic_proxy.v3.RouteConfiguration',
  ],
  'envoy/extensions/filters/network/generic_proxy/router/v3/router.proto': [
    'envoy.extensions.filters.network.generic_proxy.router.v3.Router',
  ],
  'envoy/extensions/filters/network/generic_proxy/matcher/v3/matcher.proto': [
    'envoy.extensions.filters.network.generic_proxy.matcher.v3.RequestMatchInput',
    'envoy.extensions.filters.network.generic_proxy.matcher.v3.RequestMatcher',
  ],
  'envoy/extensions/filters/network/generic_proxy/action/v3/action.proto': [
    'envoy.extensions.filters.network.generic_proxy.action.v3.RouteAction',
  ],
  'envoy/extensions/filters/network/generic_proxy/codecs/dubbo/v3/dubbo.proto': [
    'envoy.extensions.filters.network.generic_proxy.codecs.dubbo.v3.DubboCodecConfig',
  ],
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto': [
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  ],
  'envoy/extensions/filters/http/router/v3/router.proto': ['envoy.extensions.filters.http.router.v3.Router'],
  'envoy/extensions/filters/http/cors/v3/cors.proto': [
    'envoy.extensions.filters.http.cors.v3.Cors',
    'envoy.extensions.filters.http.cors.v3.CorsPolicy',
  ],
  'envoy/extensions/filters/http/fault/v3/fault.proto': ['envoy.extensions.filters.http.fault.v3.HTTPFault'],
  'envoy/extensions/filters/http/jwt_authn/v3/config.proto': [
    'envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
  ],
  'envoy/extensions/filters/http/rbac/v3/rbac.proto': [
    'envoy.extensions.filters.http.rbac.v3.RBAC',
    'envoy.extensions.filters.http.rbac.v3.RBACPerRoute',
  ],
  'envoy/extensions/filters/network/rbac/v3/rbac.proto': ['envoy.extensions.filters.network.rbac.v3.RBAC'],
  'envoy/config/rbac/v3/rbac.proto': ['envoy.config.rbac.v3.Action'],
  'envoy/extensions/matching/common_inputs/ssl/v3/ssl_inputs.proto': [
    'envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput',
  ],
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto': [
    'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
  ],
  'envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.proto': [
    'envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit',
  ],
  'envoy/extensions/filters/http/ratelimit/v3/rate_limit.proto': [
    'envoy.extensions.filters.http.ratelimit.v3.RateLimit',
  ],
  'envoy/extensions/filters/network/ratelimit/v3/rate_limit.proto': [
    'envoy.extensions.filters.network.ratelimit.v3.RateLimit',
  ],
  'envoy/extensions/filters/network/direct_response/v3/config.proto': [
    'envoy.extensions.filters.network.direct_response.v3.Config',
  ],
  'envoy/service/ratelimit/v3/rls.proto': [
    'envoy.service.ratelimit.v3.RateLimitRequest',
    'envoy.service.ratelimit.v3.RateLimitResponse',
  ],
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto': [
    'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
  ],
  'envoy/extensions/rbac/principals/mtls_authenticated/v3/mtls_authenticated.proto': [
    'envoy.extensions.rbac.principals.mtls_authenticated.v3.Config',
  ],
  'envoy/extensions/transport_sockets/tls/v3/tls.proto': [
    'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
  ],
  'envoy/extensions/transport_sockets/tls/v3/secret.proto': ['envoy.extensions.transport_sockets.tls.v3.Secret'],
  'envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config.proto': [
    'envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig',
  ],
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto': [
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  ],
  'envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto': ['envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'],
  'envoy/config/trace/v3/zipkin.proto': ['envoy.config.trace.v3.ZipkinConfig'],
  'envoy/config/trace/v3/opentelemetry.proto': ['envoy.config.trace.v3.OpenTelemetryConfig'],
  'envoy/extensions/access_loggers/open_telemetry/v3/logs_service.proto': [
    'envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig',
  ],
  'envoy/extensions/clusters/dns/v3/dns_cluster.proto': ['envoy.extensions.clusters.dns.v3.DnsCluster'],
  'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto': [
    'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
  ],
  'envoy/extensions/filters/http/upstream_codec/v3/upstream_codec.proto': [
    'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
  ],
  'envoy/extensions/rbac/matchers/upstream_ip_port/v3/upstream_ip_port_matcher.proto': [
    'envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher',
  ],
  'envoy/extensions/access_loggers/file/v3/file.proto': ['envoy.extensions.access_loggers.file.v3.FileAccessLog'],
  'envoy/extensions/access_loggers/stream/v3/stream.proto': [
    'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
    'envoy.extensions.access_loggers.stream.v3.StderrAccessLog',
  ],
  'udpa/type/v1/typed_struct.proto': ['udpa.type.v1.TypedStruct'],
  'xds/type/v3/typed_struct.proto': ['xds.type.v3.TypedStruct'],
  'istio/v1/auth/ca.proto': ['istio.v1.auth.IstioCertificateRequest', 'istio.v1.auth.IstioCertificateResponse'],
  'isthmus/metrics/v1/metrics.proto': [
    'isthmus.metrics.v1.StreamMetricsMessage',
    'isthmus.metrics.v1.MetricName',
    'isthmus.metrics.v1.MetricFamily',
  ],
  'google/protobuf/empty.proto': ['google.protobuf.Empty'],
};

function load(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    include.map((dir) => path.join(dir, target)).find((file) => existsSync(file)) ?? null;
  const ours = readdirSync(own, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.proto'))
    .sort();
  root.loadSync([...Object.keys(roots), ...ours], { keepCase: false });
  root.resolveAll();
  return root;
}

function reachable(root: protobuf.Root): Set<protobuf.ReflectionObject> {
  const kept = new Set<protobuf.ReflectionObject>();
  const visit = (object: protobuf.ReflectionObject | null): void => {
    if (object === null || kept.has(object)) return;
    kept.add(object);
    if (!(object instanceof protobuf.Type)) return;
    for (const field of object.fieldsArray) visit(field.resolve().resolvedType);
  };
  const visitAll = (namespace: protobuf.NamespaceBase): void => {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Type) visit(nested);
      if (nested instanceof protobuf.Namespace) visitAll(nested);
    }
  };
  for (const name of Object.values(roots).flat()) visit(root.lookupType(name));
  visitAll(root.lookup('aeraki') as protobuf.Namespace);
  return kept;
}

/** Drops unreached messages, and options, which only validators and generators of other languages read. */
function prune(namespace: protobuf.NamespaceBase, kept: Set<protobuf.ReflectionObject>): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Namespace) prune(nested, kept);
    const empty = nested instanceof protobuf.Namespace && nested.nestedArray.length === 0;
    const wanted = kept.has(nested) || (nested instanceof protobuf.Namespace && !empty);
    if (!wanted) namespace.remove(nested);
  }
}

const scalars: Record<string, string> = { string: 'string', bool: 'boolean', bytes: 'Uint8Array' };

function typeOf(field: protobuf.Field): string {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) return 'number';
  if (resolvedType !== null) return resolvedType.fullName.slice(1);
  return scalars[field.type] ?? 'number';
}

function declare(namespace: protobuf.NamespaceBase, indent: string): string {
  const lines: string[] = [];
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) lines.push(declareMessage(nested, indent));
    if (nested instanceof protobuf.Namespace && nested.nestedArray.some((inner) => !(inner instanceof protobuf.Enum)))
      lines.push(`${indent}export namespace ${nested.name} {\n${declare(nested, `${indent}  `)}${indent}}\n`);
  }
  return lines.join('');
}

function declareMessage(message: protobuf.Type, indent: string): string {
  const fields = message.fieldsArray.map((field) => {
    const type = typeOf(field);
    const value = field.map ? `{ [key: string]: ${type} }` : field.repeated ? `${type}[]` : type;
    return `${indent}  ${field.name}?: ${value} | undefined;\n`;
  });
  return `${indent}export interface ${message.name} {\n${fields.join('')}${indent}}\n`;
}

function messages(namespace: protobuf.NamespaceBase): string[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested.fullName.slice(1)] : []),
    ...(nested instanceof protobuf.Namespace ? messages(nested) : []),
  ]);
}

/** protobufjs prints snake_case names on request only; the JSON mapping derives them, so they are not kept. */
function withoutOptions(key: string, value: unknown): unknown {
  return key === 'options' || key === 'comment' || key === 'reserved' ? undefined : value;
}

const root = load();
prune(root, reachable(root));
mkdirSync(out, { recursive: true });
const descriptor = JSON.stringify(root.toJSON({ keepComments: false }), withoutOptions);
const names = messages(root);
const map = names.map((name) => `  '${name}': ${name};\n`).join('');
const types = `${declare(root, '')}\nexport interface MessageTypes {\n${map}}\n`;
const write = (file: string, text: string): void => {
  const target = path.join(out, file);
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
};
write('descriptor.json', descriptor);
write('types.d.ts', types);
console.error(`xds-api: ${names.length} messages, ${Math.round(descriptor.length / 1024)} KiB`);
