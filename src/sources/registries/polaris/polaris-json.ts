/** Polaris' messages as its HTTP API has them: JSON, in which a wrapper is its bare value, or null. */
import type protobuf from 'protobufjs';
import { IsthmusError } from '../../../model/errors.ts';
import {
  type DiscoverRequest,
  type DiscoverResponse,
  DiscoverType,
  type PolarisService,
  responseOf,
  responseType,
} from './polaris-messages.ts';

const typeNames = { [DiscoverType.instance]: 'INSTANCE', [DiscoverType.services]: 'SERVICES' } as const;

export function requestJson({ type, service }: DiscoverRequest): string {
  return JSON.stringify({ type: typeNames[type], service: bare(service) });
}

function bare({ name, namespace, revision }: PolarisService): object {
  return { name: name?.value, namespace: namespace?.value, revision: revision?.value };
}

/** Throws UNAVAILABLE for what is no answer. */
export function responseFromJson(json: string): DiscoverResponse {
  const answer = parse(json);
  if (!isObject(answer) || typeof answer.code !== 'number')
    throw new IsthmusError('UNAVAILABLE', 'the server answers with no JSON of Polaris');
  const type = Object.entries(typeNames).find(([, name]) => name === answer.type)?.[0];
  return responseOf({ ...wrappedFields(responseType, answer), type: Number(type ?? 0) });
}

/** What is unknown or of another form is left out. */
function wrappedFields(type: protobuf.Type, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const wrapped: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const value = own(values, field.name);
    if (value === undefined || value === null) continue;
    const one = field.repeated ? listOf(value).flatMap((item) => message(field, item) ?? []) : message(field, value);
    if (one !== undefined) wrapped[field.name] = one;
  }
  return wrapped;
}

function message(field: protobuf.Field, value: unknown): unknown {
  if (field.map) return isObject(value) ? textsOf(value) : undefined;
  const type = field.resolve().resolvedType;
  if (type === null || !('fieldsArray' in type)) return undefined;
  const [only, another] = type.fieldsArray;
  if (only?.name === 'value' && another === undefined) return isOf(only, value) ? { value } : undefined;
  return isObject(value) ? wrappedFields(type, value) : undefined;
}

function isOf({ type }: protobuf.Field, value: unknown): boolean {
  if (type === 'string') return typeof value === 'string';
  return type === 'bool' ? typeof value === 'boolean' : typeof value === 'number';
}

function textsOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function own(values: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
