/** AccessLog -> where lines go and how they are made. */
import { decode, type Message, messageName } from '../../xds-api/messages.ts';
import { toJson, unwrapAny } from '../../xds-api/proto-json.ts';
import {
  compileJsonFormat,
  compileTextFormat,
  DEFAULT_TEXT_FORMAT,
  type LogFormat,
} from '../observation/log-format.ts';
import { Rejection } from './rejection.ts';

type AccessLog = Message<'envoy.config.accesslog.v3.AccessLog'>;
type SubstitutionFormat = Message<'envoy.config.core.v3.SubstitutionFormatString'>;

export interface AccessLogPlan {
  /** `/dev/stdout` and `/dev/stderr` name the streams. */
  readonly path: string;
  readonly format: LogFormat;
}

/** Throws Rejection. */
export function planAccessLog(log: AccessLog): AccessLogPlan {
  if (log.typedConfig == null) throw new Rejection('an access log needs a typed_config');
  const any = unwrapAny(log.typedConfig);
  const name = messageName(any.type_url ?? '');
  const bytes = any.value ?? new Uint8Array();
  if (name === 'envoy.extensions.access_loggers.file.v3.FileAccessLog') return planFile(decode(name, bytes));
  if (name === 'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog')
    return { path: '/dev/stdout', format: planFormat(decode(name, bytes).logFormat) };
  if (name === 'envoy.extensions.access_loggers.stream.v3.StderrAccessLog')
    return { path: '/dev/stderr', format: planFormat(decode(name, bytes).logFormat) };
  throw new Rejection(`access logger ${any.type_url} is not supported`);
}

function planFile(file: Message<'envoy.extensions.access_loggers.file.v3.FileAccessLog'>): AccessLogPlan {
  if (!file.path) throw new Rejection('a file access log needs a path');
  const json = file.jsonFormat ?? file.typedJsonFormat;
  if (json != null) return { path: file.path, format: compileJsonFormat(toJson('google.protobuf.Struct', json)) };
  if (file.format) return { path: file.path, format: compileTextFormat(file.format) };
  return { path: file.path, format: planFormat(file.logFormat) };
}

function planFormat(format: SubstitutionFormat | null | undefined): LogFormat {
  if (format?.jsonFormat != null) return compileJsonFormat(toJson('google.protobuf.Struct', format.jsonFormat));
  return compileTextFormat(format?.textFormatSource?.inlineString || format?.textFormat || DEFAULT_TEXT_FORMAT);
}
