/** Application protocols by name, and the codec that reads each. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { PortCodec } from '../../model/mesh-service.ts';
import type { Protocol } from '../../model/protocol.ts';
import type { ApplicationProtocol, ProtocolCodec } from '../../resources/kinds.ts';
import { about, byAge } from '../resource-order.ts';
import type { InspectCodec } from '../routing/codec-abilities.ts';

/** Says on an ApplicationProtocol that callers' requests may share an upstream connection. */
const multiplexingAnnotation = 'isthmus.dev/multiplexing';

const aerakiPrefix = 'aeraki.meta_protocol.codec.';

/** Codecs that some kind of proxy has without being told: ours, and those of Aeraki's proxy. */
const knownCodecs = new Set(
  ['dubbo', 'thrift', 'trpc', 'brpc', 'qza', 'videopacket', 'awesomerpc'].map((name) => aerakiPrefix + name),
);

/** Registered from the beginning, as in Aeraki; an ApplicationProtocol of the same name replaces one. */
const preloaded: readonly Protocol[] = ['dubbo', 'thrift'].map((name) => ({
  name,
  codec: aerakiPrefix + name,
  multiplexing: false,
  object: { kind: 'ApplicationProtocol', name },
}));

/** Keyed by the protocol's name. */
export function portCodecs(
  engine: Engine,
  applicationProtocols: Collection<ApplicationProtocol>,
  protocolCodecs: Collection<ProtocolCodec>,
  inspect: InspectCodec,
): Collection<PortCodec> {
  const builtIn = engine.table('preloaded protocols', { key: (codec: PortCodec) => codec.protocol.name });
  engine.batch(() => {
    for (const protocol of preloaded) builtIn.set({ protocol });
    builtIn.setState('live');
  });
  const codecs = engine.groupBy(
    'codec descriptions',
    protocolCodecs,
    (codec) => [codec.metadata.name],
    (_, members, context) => firstOf(members, 'ISTH0307', context),
  );
  const registered = engine.groupBy(
    'registered protocols',
    applicationProtocols,
    (resource) => [resource.spec.protocol],
    (_, members, context) => {
      const first = firstOf(members, 'ISTH0305', context);
      if (first === undefined) return undefined;
      reportReplacement(first, context);
      return portCodec(first, context, codecs, inspect);
    },
  );
  return engine.merge('port codecs', [registered, builtIn]);
}

/** Keyed by name. */
export function protocols(engine: Engine, codecs: Collection<PortCodec>): Collection<Protocol> {
  return engine.map('protocols', codecs, (codec) => codec.protocol);
}

function firstOf<T extends ApplicationProtocol | ProtocolCodec>(
  members: readonly T[],
  code: 'ISTH0305' | 'ISTH0307',
  context: Context,
): T | undefined {
  const [first, ...others] = members.toSorted(byAge);
  for (const other of others) {
    if (first === undefined) break;
    context.report(
      finding(code, { ...about(other), message: `${formatObject(about(first).object)} is in force instead.` }),
    );
  }
  return first;
}

function reportReplacement(resource: ApplicationProtocol, context: Context): void {
  const { protocol, codec } = resource.spec;
  const replaced = preloaded.find(({ name }) => name === protocol);
  if (replaced === undefined || replaced.codec === codec) return;
  const message = `Protocol ${protocol} is read by ${codec} instead of ${replaced.codec}.`;
  context.report(finding('ISTH0317', { ...about(resource), path: 'spec.codec', message }));
}

function portCodec(
  resource: ApplicationProtocol,
  context: Context,
  codecs: Collection<ProtocolCodec>,
  inspect: InspectCodec,
): PortCodec {
  const { protocol: name, codec } = resource.spec;
  const description = context.get(codecs, codec);
  if (description === undefined && !knownCodecs.has(codec)) {
    const message = `${codec} is neither built in nor the name of a ProtocolCodec that is in force.`;
    context.report(finding('ISTH0306', { ...about(resource), path: 'spec.codec', message }));
  }
  const annotation = resource.metadata.annotations[multiplexingAnnotation];
  // What a description says of it, or leaves unsaid, is settled when it is compiled.
  const isShared = description !== undefined && inspect(codec, description.spec)?.sharesConnections === true;
  const multiplexing =
    annotation === undefined ? description?.spec.multiplexing === true || isShared : annotation === 'true';
  const protocol = { name, codec, multiplexing, object: about(resource).object };
  return description === undefined ? { protocol } : { protocol, description: description.spec };
}
