/** policy.openservicemesh.io IngressBackend: what services of its namespace take from outside the mesh. */
import { cidrFamily } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isServiceName, isWildcardHost, withoutTrailingDot } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { IngressBackend, IngressBackendService, IngressSource } from '../types/osm.ts';
import {
  checkNamespace,
  distinct,
  type MatchReference,
  policyGroup,
  readMatchNames,
  warnIfEmpty,
} from './osm-rules.ts';

type Spec = IngressBackend['spec'];

interface BackendContent {
  readonly name: string;
  readonly port: { readonly number: number; readonly protocol: 'http' | 'https' };
  readonly tls?: { readonly skipClientCertValidation?: boolean; readonly sniHosts?: readonly string[] };
}

interface SourceContent {
  readonly kind: IngressSource['kind'];
  readonly name: string;
  readonly namespace?: string;
}

interface Content extends CheckedObject {
  readonly spec: {
    readonly backends: readonly BackendContent[];
    readonly sources: readonly SourceContent[];
    readonly matches?: readonly MatchReference[];
  };
}

export const ingressBackend = defineVersionedKind<IngressBackend>({
  info: { kind: 'IngressBackend', group: policyGroup, plural: 'ingressbackends', scope: 'Namespaced' },
  versions: [
    defineVersion({
      version: 'v1alpha1',
      schema: () => readCrdSchema('ingress-backend'),
      options: { everyFieldRestricts: true },
      convert: readIngress,
    }),
  ],
  build: (spec, head) => ({ kind: 'IngressBackend', ...head, spec }),
});

const backendsPath = ['spec', 'backends'];
const sourcesPath = ['spec', 'sources'];

function readIngress({ spec }: Content, { problems }: Conversion): Spec {
  const { backends, sources, matches = [] } = spec;
  warnIfEmpty(backends, backendsPath, 'Without backends, nothing gets in by this policy.', problems);
  warnIfEmpty(sources, sourcesPath, 'Without sources, nobody gets in by this policy.', problems);
  forEachRepetition(
    backends,
    ({ name, port }) => `${name}:${port.number}`,
    (_, index, first) => {
      problems.add('ISTH0218', [...backendsPath, index], `It has the name and port of backends[${first}].`);
    },
  );
  checkPrincipals(backends, sources, problems);
  const read = sources.map((source, index) => readSource(source, [...sourcesPath, index], problems));
  return {
    backends: backends.map((backend, index) => readBackend(backend, [...backendsPath, index], problems)),
    sources: distinct(read, (source) => Object.values(source).join(' '), sourcesPath, problems),
    routeGroups: readMatchNames(matches, 'HTTPRouteGroup', problems),
  };
}

/**
 * A backend that validates its clients' certificates needs to be told whose it takes. (OSM asked for a principal where
 * validation is skipped, so that published manifests have one there too: it narrows nothing.)
 */
function checkPrincipals(
  backends: readonly BackendContent[],
  sources: readonly SourceContent[],
  problems: Problems,
): void {
  const principal = sources.findIndex(({ kind }) => kind === 'AuthenticatedPrincipal');
  const isHttps = ({ port }: BackendContent) => port.protocol === 'https';
  const validates = (backend: BackendContent) => isHttps(backend) && backend.tls?.skipClientCertValidation !== true;
  backends.forEach((backend, index) => {
    if (!validates(backend) || principal >= 0 || sources.length === 0) return;
    const message = `${quote(backend.name)} validates the certificates of its clients, and no source says whose it takes.`;
    const remedy = 'Add a source of kind AuthenticatedPrincipal, or write tls: {skipClientCertValidation: true}.';
    problems.add('ISTH0214', [...backendsPath, index], message, remedy);
  });
  const open = backends.find((backend) => !validates(backend));
  if (principal < 0 || open === undefined) return;
  const why = isHttps(open) ? 'does not validate the certificates of its clients' : 'is plain text';
  const message = `${quote(open.name)} ${why}, so that this principal narrows nothing there.`;
  problems.add('ISTH0229', [...sourcesPath, principal], message, 'Write skipClientCertValidation: false.');
}

function readBackend({ name, port, tls }: BackendContent, path: Path, problems: Problems): IngressBackendService {
  if (!isServiceName(name)) problems.add('ISTH0116', [...path, 'name'], `${quote(name)} is no name of a Service.`);
  const sniHosts = (tls?.sniHosts ?? []).map((host) => withoutTrailingDot(host.toLowerCase()));
  const hostsPath = [...path, 'tls', 'sniHosts'];
  sniHosts.forEach((host, index) => {
    if (isWildcardHost(host)) return;
    problems.add('ISTH0201', [...hostsPath, index], `${quote(host)} is no host name.`);
  });
  if (port.protocol === 'http') {
    if (sniHosts.length > 0) {
      const message = 'Plain text has no server names: sniHosts narrow nothing here.';
      problems.add('ISTH0229', hostsPath, message, 'Write protocol: https, or remove them.');
    }
    return { name, port: port.number };
  }
  const validatesClients = tls?.skipClientCertValidation !== true;
  const once = distinct(sniHosts, (host) => host, hostsPath, problems);
  return { name, port: port.number, tls: { validatesClients, sniHosts: once } };
}

function readSource({ kind, name, namespace = '' }: SourceContent, path: Path, problems: Problems): IngressSource {
  if (kind === 'Service') {
    if (namespace === '') {
      const message = 'A Service as a source needs its namespace.';
      problems.add('ISTH0214', [...path, 'namespace'], message, 'Write the namespace of the Service.');
    } else checkNamespace(namespace, [...path, 'namespace'], problems);
    if (!isServiceName(name)) problems.add('ISTH0116', [...path, 'name'], `${quote(name)} is no name of a Service.`);
    return { kind, namespace, name };
  }
  if (kind === 'AuthenticatedPrincipal') return { kind, name };
  if (cidrFamily(name) === 0) {
    const remedy = 'Write a range such as 10.0.0.0/8 or 2001:db8::/32.';
    problems.add('ISTH0223', [...path, 'name'], `${quote(name)} is no range of addresses.`, remedy);
  }
  return { kind, range: name };
}
