/** What the codecs of a mesh can do, and which rules ask for more: those would be passed over in silence by every proxy. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { PortCodec } from '../../model/mesh-service.ts';
import type { CodecAbilities } from '../../model/protocol.ts';
import type { MetaRouter } from '../../resources/kinds.ts';

/** Undefined for a codec that is not known here; only proxies have it. Pure. */
export type InspectCodec = (codec: string, description: unknown) => CodecAbilities | undefined;

/** Keyed by the protocol's name. */
export function codecAbilities(
  engine: Engine,
  codecs: Collection<PortCodec>,
  inspect: InspectCodec,
): Collection<CodecAbilities> {
  return engine.map('codec abilities', codecs, ({ protocol, description }) => inspect(protocol.codec, description));
}

/** A rule and why it has no effect. */
interface UnmetRule {
  readonly path: string;
  readonly message: string;
}

/** Rules that requests of a protocol never meet, by the path in the MetaRouter. */
export function unmetRules(
  { spec }: MetaRouter,
  protocol: string,
  { properties, mutates, whyNotSettable }: CodecAbilities,
): readonly UnmetRule[] {
  const unknown = (names: readonly string[], path: string, consequence: string): readonly UnmetRule[] =>
    names
      .filter((name) => properties?.includes(name) === false)
      .map((name) => ({
        path: `${path}[${name}]`,
        message: `No ${protocol} request has this property: ${consequence}.`,
      }));
  const attributes = (match: { readonly attributes?: object } | undefined): readonly string[] =>
    Object.keys(match?.attributes ?? {});
  const { localRateLimit, globalRateLimit } = spec;
  return [
    ...(spec.routes ?? []).flatMap((route, at) => [
      ...unknown(attributes(route.match), `spec.routes[${at}].match.attributes`, 'the route is never taken'),
      ...(['requestMutation', 'responseMutation'] as const)
        .filter((field) => !mutates && (route[field] ?? []).length > 0)
        .map((field) => ({
          path: `spec.routes[${at}].${field}`,
          message: `The codec of ${protocol} changes no frames.`,
        })),
      ...(['request', 'response'] as const).flatMap((side) =>
        (mutates ? (route[`${side}Mutation`] ?? []) : []).flatMap(({ key, value }, entry) => {
          const why = whyNotSettable(side, key, value);
          if (why === undefined) return [];
          const path = `spec.routes[${at}].${side}Mutation[${entry}]`;
          return [{ path, message: `Every ${protocol} request of the route fails: ${why}` }];
        }),
      ),
    ]),
    ...(localRateLimit?.conditions ?? []).flatMap(({ match }, at) =>
      unknown(attributes(match), `spec.localRateLimit.conditions[${at}].match.attributes`, 'it limits nothing'),
    ),
    ...unknown(attributes(globalRateLimit?.match), 'spec.globalRateLimit.match.attributes', 'it limits nothing'),
    ...unknown(
      (globalRateLimit?.descriptors ?? []).map(({ property }) => property),
      'spec.globalRateLimit.descriptors',
      'it limits nothing',
    ),
  ];
}
