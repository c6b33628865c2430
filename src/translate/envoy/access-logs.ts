/** Access logs as the mesh's settings ask for them; the defaults are those that Aeraki's users have. */
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { ProxyKind } from '../../model/proxy.ts';
import { type envoy, type google, pack } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import { collectedLogs } from './proxy-peers.ts';

type AccessLog = envoy.config.accesslog.v3.AccessLog;
type LogFormat = envoy.config.core.v3.SubstitutionFormatString;

const DEFAULT_TEXT =
  '[%START_TIME%] %REQ(X-META-PROTOCOL-APPLICATION-PROTOCOL)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% ' +
  '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%  ' +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(X-REQUEST-ID)%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %ROUTE_NAME%\n';

const DEFAULT_JSON = {
  start_time: '%START_TIME%',
  route_name: '%ROUTE_NAME%',
  application_protocol: '%REQ(X-META-PROTOCOL-APPLICATION-PROTOCOL)%',
  response_code: '%RESPONSE_CODE%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  duration: '%DURATION%',
  request_id: '%REQ(X-REQUEST-ID)%',
  upstream_cluster: '%UPSTREAM_CLUSTER%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
};

/** Settings are one object for the whole mesh: what follows from them is worked out once. */
const bySettings = new WeakMap<MeshSettings, AccessLog[]>();

/** Empty when no path is set. */
export function accessLogs(settings: MeshSettings): AccessLog[] {
  let logs = bySettings.get(settings);
  if (logs === undefined) {
    logs = logsOf(settings);
    bySettings.set(settings, logs);
  }
  return logs;
}

/** metaproxy writes files, and sends no logs elsewhere. */
export function loggedBy(kind: ProxyKind, settings: MeshSettings): MeshSettings {
  if (kind !== 'metaproxy' || settings.telemetry?.collector === undefined) return settings;
  const { format } = settings.telemetry;
  return { ...settings, telemetry: format === undefined ? {} : { format } };
}

function logsOf({ accessLog, telemetry }: MeshSettings): AccessLog[] {
  if (telemetry === undefined) return accessLog.path === '' ? [] : [fileLog(accessLog)];
  const { format } = telemetry;
  const encoding = format === undefined ? 'JSON' : 'TEXT';
  const written = { encoding, ...(format === undefined ? {} : { format: inLines(format) }) } as const;
  const own = accessLog.path === '' ? outputLog(written) : fileLog({ path: accessLog.path, ...written });
  return [own, ...collectedLogs(telemetry)];
}

function inLines(format: string): string {
  return format.endsWith('\n') ? format : `${format}\n`;
}

/** Not a file: a proxy whose output is a socket could not open it. */
function outputLog(log: Omit<MeshSettings['accessLog'], 'path'>): AccessLog {
  return {
    name: 'envoy.access_loggers.stdout',
    typedConfig: pack('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { logFormat: logFormat(log) }),
  };
}

function fileLog(log: MeshSettings['accessLog']): AccessLog {
  return {
    name: 'envoy.access_loggers.file',
    typedConfig: pack('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
      path: log.path,
      logFormat: logFormat(log),
    }),
  };
}

function logFormat({ encoding, format }: Omit<MeshSettings['accessLog'], 'path'>): LogFormat {
  return encoding === 'JSON' ? { jsonFormat: jsonFormat(format) } : textFormat(format);
}

function textFormat(format: string | undefined): LogFormat {
  return { textFormatSource: { inlineString: format || DEFAULT_TEXT } };
}

function jsonFormat(format: string | undefined): google.protobuf.Struct {
  return customJsonFormat(format) ?? fromJson('google.protobuf.Struct', DEFAULT_JSON);
}

/** Undefined when the format is no JSON object: the default serves then, as in Aeraki. */
export function customJsonFormat(format: string | undefined): google.protobuf.Struct | undefined {
  if (format === undefined || format === '') return undefined;
  try {
    return fromJson('google.protobuf.Struct', JSON.parse(format));
  } catch {
    return undefined;
  }
}
