/** policy.openservicemesh.io Egress: what service accounts may reach outside the mesh. */
import { cidrFamily, ipFamily } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isWildcardHost, withoutTrailingDot } from '../kubernetes-names.ts';
import { type Problems, quote } from '../problem.ts';
import type { Egress } from '../types/osm.ts';
import {
  distinct,
  type MatchReference,
  policyGroup,
  type ReferenceContent,
  readMatchNames,
  readOsmReferences,
  warnIfEmpty,
} from './osm-rules.ts';

type Spec = Egress['spec'];

interface Content extends CheckedObject {
  readonly spec: {
    readonly sources: readonly ReferenceContent[];
    readonly hosts?: readonly string[];
    readonly ipAddresses?: readonly string[];
    readonly ports: Spec['ports'];
    readonly matches?: readonly MatchReference[];
  };
}

export const egress = defineVersionedKind<Egress>({
  info: { kind: 'Egress', group: policyGroup, plural: 'egresses', scope: 'Namespaced' },
  versions: [
    defineVersion({
      version: 'v1alpha1',
      schema: () => readCrdSchema('egress'),
      options: { everyFieldRestricts: true },
      convert: readEgress,
    }),
  ],
  build: (spec, head) => ({ kind: 'Egress', ...head, spec }),
});

function readEgress({ spec }: Content, { problems }: Conversion): Spec {
  const { sources, hosts = [], ipAddresses = [], ports, matches = [] } = spec;
  warnIfEmpty(sources, ['spec', 'sources'], 'Without sources, nobody gets out by this policy.', problems);
  warnIfEmpty(ports, ['spec', 'ports'], 'Without ports, nothing gets out by this policy.', problems);
  if (hosts.length === 0 && ports.some(({ protocol }) => protocol === 'http')) {
    problems.add('ISTH0224', ['spec', 'hosts'], 'Without hosts, no request of http gets out by this policy.');
  }
  const settings = readMatchNames(matches, 'UpstreamTrafficSetting', problems);
  if (settings.length > 1) {
    const message = `There are ${settings.length} UpstreamTrafficSettings, of which only one can hold.`;
    problems.add('ISTH0206', ['spec', 'matches'], message, 'Keep one of them.');
  }
  return {
    sources: readOsmReferences(sources, ['spec', 'sources'], problems),
    hosts: readHosts(hosts, problems),
    ipAddresses: readRanges(ipAddresses, problems),
    ports: distinct(ports, ({ number, protocol }) => `${number} ${protocol}`, ['spec', 'ports'], problems),
    routeGroups: readMatchNames(matches, 'HTTPRouteGroup', problems),
    ...(settings[0] === undefined ? {} : { upstreamTrafficSetting: settings[0] }),
  };
}

function readHosts(written: readonly string[], problems: Problems): readonly string[] {
  const path = ['spec', 'hosts'];
  const hosts = written.map((host) => withoutTrailingDot(host.toLowerCase()));
  hosts.forEach((host, index) => {
    if (host === '*' || isWildcardHost(host) || ipFamily(host) !== 0) return;
    problems.add('ISTH0201', [...path, index], `${quote(written[index])} is no host name.`);
  });
  return distinct(hosts, (host) => host, path, problems);
}

function readRanges(ranges: readonly string[], problems: Problems): readonly string[] {
  const path = ['spec', 'ipAddresses'];
  ranges.forEach((range, index) => {
    if (cidrFamily(range) !== 0) return;
    const remedy = ipFamily(range) === 0 ? undefined : `Write ${range}/${ipFamily(range) === 4 ? 32 : 128}.`;
    problems.add('ISTH0223', [...path, index], `${quote(range)} is no range of addresses.`, remedy);
  });
  return distinct(ranges, (range) => range, path, problems);
}
