/**
 * Splits as gRPC clients can take them. A gRPC call is a POST, and a client compares no authority: conditions that ask for
 * another method never hold, and those that ask for an authority cannot be told of.
 */
import type { RequestCondition } from '../../model/access.ts';
import type { PortSplit } from '../../model/traffic-split.ts';

/** A route whose conditions cannot all be told of is left out as a whole: its calls go where those go that match nothing. */
export function grpcSplit(split: PortSplit): { readonly routes: PortSplit; readonly untold: PortSplit } {
  const untold = split.filter(({ requests }) => requests !== 'any' && requests.some(asksForAuthority));
  const routes = split
    .filter((route) => !untold.includes(route))
    .map((route) => (route.requests === 'any' ? route : { ...route, requests: route.requests.flatMap(asCall) }));
  return { routes, untold };
}

function asksForAuthority({ headers }: RequestCondition): boolean {
  return headers.some(({ name }) => name === 'host');
}

function asCall(condition: RequestCondition): readonly RequestCondition[] {
  const { methods } = condition;
  return methods.length === 0 || methods.includes('POST') ? [{ ...condition, methods: [] }] : [];
}
