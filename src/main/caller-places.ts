/** Places where proxies say to be: what is near to each is worked out for all of them, and given to those who are there. */
import type { Context, Table } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { compareText } from '../mesh/resource-order.ts';
import type { Locality } from '../model/endpoint.ts';

/** One value: each place, in order. */
export type CallerPlaces = Table<readonly Locality[]>;

const KEY = 'all';
/** Endpoints are held once for each: proxies that make up places get no more of them than this. */
const MAX_PLACES = 64;

export function callerPlacesTable(engine: Engine): CallerPlaces {
  return engine.table<readonly Locality[]>('caller places', { key: () => KEY });
}

export function callerPlaces(context: Context, places: CallerPlaces): readonly Locality[] {
  return context.get(places, KEY) ?? [];
}

/** A place stays in use once it was named, as a kind of proxies does. A subzone makes no place. */
export function addCallerPlace(engine: Engine, places: CallerPlaces, { region, zone }: Locality): void {
  const known = places.get(KEY) ?? [];
  if (known.length >= MAX_PLACES || known.some((one) => one.region === region && one.zone === zone)) return;
  const all = [...known, { region, zone, subzone: '' }];
  const sorted = all.toSorted((a, b) => compareText(a.region, b.region) || compareText(a.zone, b.zone));
  engine.batch(() => places.set(sorted));
}
