/**
 * Changes of headers that a VirtualService asks for, in the model's terms. A proxy takes none of a host's routes where it
 * cannot take one value: what it would not take is left out, and reported.
 */
import type { HeaderChanges, HeaderValue, HttpHeaderChanges } from '../../model/header-changes.ts';
import type { HeaderOperationsSpec, HeadersSpec } from '../../resources/kinds.ts';
import { compareText } from '../resource-order.ts';

/** `unheeded`: told what is left out, by its path below the headers. Undefined where nothing is changed. */
export function headerChanges(
  { request, response }: HeadersSpec,
  unheeded: (path: string) => void,
): HttpHeaderChanges | undefined {
  const authority = authorityOf(request);
  const changes = {
    request: changesOf(request, (path) => unheeded(`request.${path}`)),
    response: changesOf(response, (path) => unheeded(`response.${path}`)),
    ...(authority === undefined ? {} : { authority }),
  };
  const isEmpty = (one: HeaderChanges) => one.set.length + one.add.length + one.remove.length === 0;
  return authority === undefined && isEmpty(changes.request) && isEmpty(changes.response) ? undefined : changes;
}

function authorityOf({ set, add }: HeaderOperationsSpec): string | undefined {
  const [, value] = [...Object.entries(set), ...Object.entries(add)].find(([name]) => isAuthority(name)) ?? [];
  return value;
}

function changesOf({ set, add, remove }: HeaderOperationsSpec, unheeded: (path: string) => void): HeaderChanges {
  return {
    set: valuesOf(set, (name) => unheeded(`set.${name}`)),
    add: valuesOf(add, (name) => unheeded(`add.${name}`)),
    remove: [...new Set(remove.filter((name) => !isOfProxy(name)).map((name) => name.toLowerCase()))].sort(),
  };
}

function valuesOf(values: Readonly<Record<string, string>>, unheeded: (name: string) => void): readonly HeaderValue[] {
  return Object.entries(values)
    .filter(([name, value]) => {
      if (isOfProxy(name)) {
        if (!isAuthority(name)) unheeded(name);
        return false;
      }
      if (!isFormat(value)) unheeded(name);
      return isFormat(value);
    })
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .sort((a, b) => compareText(a.name, b.name));
}

function isAuthority(name: string): boolean {
  return [':authority', 'host'].includes(name.toLowerCase());
}

/** What no proxy lets a route change: the authority is rewritten instead. */
function isOfProxy(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

/** What a percent sign begins is replaced by a proxy. These of what it knows it takes; with any other it takes nothing at all. */
const commands: ReadonlySet<string> = new Set([
  ...['DOWNSTREAM_REMOTE_ADDRESS', 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', 'DOWNSTREAM_LOCAL_ADDRESS'],
  ...['DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT', 'DOWNSTREAM_LOCAL_PORT', 'UPSTREAM_REMOTE_ADDRESS', 'UPSTREAM_CLUSTER'],
  ...['PROTOCOL', 'HOSTNAME', 'ROUTE_NAME', 'RESPONSE_CODE', 'START_TIME', 'DOWNSTREAM_PEER_URI_SAN'],
]);
const ofHeader = /^(?:REQ|RESP)\([A-Za-z0-9:_.-]{1,128}\)$/;

/** Between two signs of percent stands a command, or nothing for one such sign. */
function isFormat(value: string): boolean {
  const parts = value.split('%');
  const inner = parts.filter((_, at) => at % 2 === 1);
  return parts.length % 2 === 1 && inner.every((one) => one === '' || commands.has(one) || ofHeader.test(one));
}
