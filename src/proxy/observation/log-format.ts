/**
 * Envoy's substitution format strings, compiled once: a format becomes a list of constants and operators, and tells
 * which properties of requests and replies it names, so that nothing else is read from a frame.
 */
import { Rejection } from '../config/rejection.ts';

/** What is known when a request has ended. Times in milliseconds, sizes in bytes. */
export interface LogRecord {
  readonly startTime: number;
  readonly duration: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** 0 for success, 1 for an error. */
  readonly responseCode: number;
  readonly detail: string;
  readonly termination: string;
  readonly transportFailure: string;
  readonly route: string;
  readonly cluster: string;
  readonly upstreamHost: string;
  readonly upstreamLocalAddress: string;
  readonly downstreamLocalAddress: string;
  readonly downstreamRemoteAddress: string;
  readonly applicationProtocol: string;
  /** In the order of LogFormat.requestProperties and LogFormat.responseProperties. */
  readonly requestProperties: readonly (string | undefined)[];
  readonly responseProperties: readonly (string | undefined)[];
}

export interface LogFormat {
  readonly requestProperties: readonly string[];
  readonly responseProperties: readonly string[];
  /** One line, with its line feed. */
  render(record: LogRecord): string;
}

type Operator = (record: LogRecord) => string | number | undefined;
type Template = string | Operator;

interface Properties {
  readonly request: string[];
  readonly response: string[];
}

export const DEFAULT_TEXT_FORMAT =
  '[%START_TIME%] %REQ(X-META-PROTOCOL-APPLICATION-PROTOCOL)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% ' +
  '%CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%  ' +
  '"%REQ(X-FORWARDED-FOR)%" "%REQ(X-REQUEST-ID)%" %UPSTREAM_CLUSTER% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %ROUTE_NAME%\n';

/** The reference counts from the upstream's side: BYTES_SENT is the request's size, BYTES_RECEIVED the reply's. */
const plainOperators: Readonly<Record<string, Operator>> = {
  START_TIME: (record) => new Date(record.startTime).toISOString(),
  DURATION: (record) => Math.round(record.duration),
  BYTES_SENT: (record) => record.requestBytes,
  BYTES_RECEIVED: (record) => record.responseBytes,
  RESPONSE_CODE: (record) => record.responseCode,
  RESPONSE_CODE_DETAILS: (record) => record.detail,
  CONNECTION_TERMINATION_DETAILS: (record) => record.termination,
  UPSTREAM_TRANSPORT_FAILURE_REASON: (record) => record.transportFailure,
  ROUTE_NAME: (record) => record.route,
  UPSTREAM_CLUSTER: (record) => record.cluster,
  UPSTREAM_HOST: (record) => record.upstreamHost,
  UPSTREAM_REMOTE_ADDRESS: (record) => record.upstreamHost,
  UPSTREAM_LOCAL_ADDRESS: (record) => record.upstreamLocalAddress,
  DOWNSTREAM_LOCAL_ADDRESS: (record) => record.downstreamLocalAddress,
  DOWNSTREAM_REMOTE_ADDRESS: (record) => record.downstreamRemoteAddress,
  PROTOCOL: (record) => record.applicationProtocol,
  RESPONSE_FLAGS: (record) => flags[record.detail],
};

const flags: Readonly<Record<string, string>> = {
  no_matched_route: 'NR',
  unknown_cluster: 'NC',
  no_healthy_upstream: 'UH',
  upstream_reset: 'UC',
  upstream_response_timeout: 'UT',
  local_rate_limited: 'RL',
  downstream_remote_disconnect: 'DC',
  downstream_local_disconnect: 'DC',
};

/** Throws Rejection for an operator that is malformed; one that is not known here is rendered as `-`. */
export function compileTextFormat(format: string): LogFormat {
  const properties: Properties = { request: [], response: [] };
  const parts = parse(format, properties);
  return {
    requestProperties: properties.request,
    responseProperties: properties.response,
    render: (record) => parts.map((part) => text(part, record)).join(''),
  };
}

/** `format` is plain JSON whose strings are formats. A string that is one operator alone keeps the type of its value. */
export function compileJsonFormat(format: unknown): LogFormat {
  const properties: Properties = { request: [], response: [] };
  const template = compileValue(format, properties);
  return {
    requestProperties: properties.request,
    responseProperties: properties.response,
    render: (record) => `${JSON.stringify(template(record))}\n`,
  };
}

function compileValue(value: unknown, properties: Properties): (record: LogRecord) => unknown {
  if (typeof value === 'string') {
    const parts = parse(value, properties);
    const [only] = parts;
    if (parts.length === 1 && typeof only === 'function') return (record) => only(record) ?? null;
    return (record) => parts.map((part) => text(part, record)).join('');
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => compileValue(item, properties));
    return (record) => items.map((item) => item(record));
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, item]) => [key, compileValue(item, properties)] as const);
    return (record) => Object.fromEntries(fields.map(([key, item]) => [key, item(record)]));
  }
  return () => value;
}

function text(part: Template, record: LogRecord): string {
  if (typeof part === 'string') return part;
  const value = part(record);
  return value === undefined || value === '' ? '-' : printable(String(value));
}

/** A caller's value must not be able to forge a line of the log. */
function printable(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return value.replace(/[\u0000-\u001f\u007f"]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const operatorPattern = /%%|%([A-Z_]+)(?:\(([^)]*)\))?(?::(\d+))?%/g;

function parse(format: string, properties: Properties): Template[] {
  const parts: Template[] = [];
  let end = 0;
  for (const match of format.matchAll(operatorPattern)) {
    if (match.index > end) parts.push(format.slice(end, match.index));
    const [whole, name = '', argument, maximum] = match;
    parts.push(whole === '%%' ? '%' : operator(name, argument, maximum, properties));
    end = match.index + whole.length;
  }
  if (end < format.length) parts.push(format.slice(end));
  if (parts.some((part) => typeof part === 'string' && part.length > 1 && part.includes('%')))
    throw new Rejection(`access log format has a malformed operator: ${format}`);
  return parts;
}

function operator(name: string, argument: string | undefined, maximum: string | undefined, all: Properties): Operator {
  const plain = plainOperators[name];
  if (plain !== undefined) return plain;
  const length = maximum === undefined ? Number.POSITIVE_INFINITY : Number(maximum);
  if (name === 'REQ') return alternatives(argument ?? '', all.request, 'requestProperties', length);
  if (name === 'RESP') return alternatives(argument ?? '', all.response, 'responseProperties', length);
  return () => undefined;
}

/** `A?B`: the first property that is there. */
function alternatives(
  argument: string,
  names: string[],
  from: 'requestProperties' | 'responseProperties',
  maximum: number,
): Operator {
  const readers = argument.split('?').map((name): Operator => {
    if (name.toLowerCase() === 'x-meta-protocol-application-protocol') return (record) => record.applicationProtocol;
    const known = names.indexOf(name);
    const index = known >= 0 ? known : names.push(name) - 1;
    return (record) => record[from][index]?.slice(0, maximum);
  });
  return (record) => {
    for (const read of readers) {
      const value = read(record);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}
