/**
 * What the container inside @peculiar/x509 expects of `Reflect`: metadata of classes, for three calls that it makes. A package
 * (reflect-metadata) does it for everything that decorators can do; nothing here needs more than a map.
 */
type Metadata = Map<unknown, unknown>;
const known = new WeakMap<object, Metadata>();

function own(key: unknown, target: object): unknown {
  return known.get(target)?.get(key);
}

function define(key: unknown, value: unknown, target: object): void {
  const metadata: Metadata = known.get(target) ?? new Map();
  known.set(target, metadata.set(key, value));
}

function inherited(key: unknown, target: object): unknown {
  const value = own(key, target);
  const parent: unknown = Object.getPrototypeOf(target);
  return value !== undefined || typeof parent !== 'function' ? value : inherited(key, parent);
}

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { getMetadata: inherited, getOwnMetadata: own, defineMetadata: define });
