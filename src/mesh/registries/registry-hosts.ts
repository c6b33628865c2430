/**
 * Host names of registered services, by the template of their ServiceRegistry. What a name may not hold is folded; two
 * services whose names fold to one host are told apart by a suffix that the younger bears, now and ever after.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import { about, compareText } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { askedHost, endsIn } from './registry-metadata.ts';

/** The host of one registered service. */
export interface RegistryHost {
  /** Of the registered service. */
  readonly key: string;
  readonly host: string;
}

interface Candidate extends RegistryHost {
  readonly since: number;
  /** Key of the ServiceRegistry. */
  readonly registry: string;
}

/** A host and the services of one registry whose names fold to it. */
interface Contenders {
  readonly host: string;
  readonly candidates: readonly Candidate[];
}

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly registered: Collection<RegisteredService>;
  readonly registries: Collection<ServiceRegistry>;
}

/**
 * Keyed by the registered service's key. Services without a ServiceRegistry have none, nor have those whose host their
 * registry is not trusted with: they become nothing at all.
 */
export function registryHosts(engine: Engine, { settings, registered, registries }: Tables): Collection<RegistryHost> {
  const candidates = engine.map('registry host candidates', registered, (service, context) => {
    const registry = registryOf(context, registries, service);
    if (registry === undefined) return undefined;
    const { key, since } = service;
    const asked = askedHost(service, registry, (refusal) => context.report(refusal));
    const host = asked ?? hostName(registry.spec.mapping.host, service);
    const refusal = hostRefusal(host, registry, settingsOf(context, settings));
    if (refusal !== undefined) {
      context.report(finding('ISTH1006', { ...about(registry), path: 'spec.trust.hostSuffixes', message: refusal }));
      return undefined;
    }
    return { key, since, registry: registry.key, host };
  });
  const contenders = engine.groupBy(
    'registry host contenders',
    candidates,
    ({ registry, host }) => [`${registry}|${host}`],
    (_, members, context): Contenders | undefined => {
      const [first, ...others] = members.toSorted(byAge);
      const registry = first === undefined ? undefined : context.get(registries, first.registry);
      if (first === undefined || registry === undefined) return undefined;
      const suffixed = others.map((other) => ({ ...other, host: withSuffix(other.host, other.key) }));
      for (const { key, host } of suffixed) {
        const message = `${decodeURIComponent(key)} has the host ${host}, since ${first.host} is ${decodeURIComponent(first.key)}.`;
        context.report(finding('ISTH1007', { ...about(registry), message }));
      }
      return { host: first.host, candidates: [first, ...suffixed] };
    },
  );
  const distinct = engine.flatMap('registry hosts told apart', contenders, ({ candidates: all }) => all, {
    key: ({ key }) => key,
  });
  const holders = engine.groupBy(
    'registry host holders',
    distinct,
    ({ registry, host }) => [`${registry}|${host}`],
    (_, members, context) => holder(members, context, registries),
  );
  return engine.flatMap('registry hosts', holders, (one) => [one], { key: ({ key }) => key });
}

/** Who is called by its own name what another was called by a suffix means to be taken for it: the older one stays. */
function holder(
  members: readonly Candidate[],
  context: Context,
  registries: Collection<ServiceRegistry>,
): RegistryHost | undefined {
  const [first, ...others] = members.toSorted(byAge);
  const registry = first === undefined ? undefined : context.get(registries, first.registry);
  if (first === undefined || registry === undefined) return undefined;
  for (const { key, host } of others) {
    const message = `${decodeURIComponent(key)} has no host, since ${host} is ${decodeURIComponent(first.key)} already: it is not served.`;
    context.report(finding('ISTH1007', { ...about(registry), message }));
  }
  return { key: first.key, host: first.host };
}

function byAge(a: Candidate, b: Candidate): number {
  return a.since - b.since || compareText(a.key, b.key);
}

/** A name of Kubernetes is no registry's to give, unless it is trusted with such in so many words. */
function hostRefusal(host: string, { spec }: ServiceRegistry, { clusterDomain }: MeshSettings): string | undefined {
  const { hostSuffixes } = spec.trust;
  const fitting = hostSuffixes.filter((suffix) => endsIn(host, [suffix]));
  if (hostSuffixes.length > 0 && fitting.length === 0) return `${host} ends in none of ${hostSuffixes.join(', ')}.`;
  const ofKubernetes = [`svc.${clusterDomain}`];
  if (!endsIn(host, ofKubernetes) || fitting.some((suffix) => endsIn(suffix, ofKubernetes))) return undefined;
  return `${host} is a name of Kubernetes, and no suffix of it is trusted.`;
}

export function registryOf(
  context: Context,
  registries: Collection<ServiceRegistry>,
  { registry }: RegisteredService,
): ServiceRegistry | undefined {
  return context.get(registries, `ServiceRegistry//${registry}`);
}

function hostName(template: string, { name, group, namespace, registry }: RegisteredService): string {
  const values: Readonly<Record<string, string>> = { service: name, group, namespace, registry };
  const labels = template.split('.').flatMap((part) => {
    // In one pass: what a registry calls its services is no template.
    const text = part.replace(/\{(service|group|namespace|registry)\}/g, (_, key: string) => values[key] ?? '');
    const folded = text
      .split('.')
      .map(foldLabel)
      .filter((label) => label !== '');
    return folded.length === 0 && part.includes('{service}') ? [hashOf(name)] : folded;
  });
  return bounded(labels.join('.'));
}

/** Lower case letters, digits and inner hyphens; whatever else becomes a hyphen. */
function foldLabel(text: string): string {
  let folded = '';
  for (const char of text.toLowerCase()) {
    const isPlain = (char >= 'a' && char <= 'z') || (char >= '0' && char <= '9');
    if (isPlain) folded += char;
    else if (folded !== '' && !folded.endsWith('-')) folded += '-';
  }
  const trimmed = folded.endsWith('-') ? folded.slice(0, -1) : folded;
  return trimmed.length <= maxLabel ? trimmed : `${trimmed.slice(0, maxLabel - 9)}-${hashOf(text)}`;
}

const maxLabel = 63;
const maxHost = 253;

function bounded(host: string): string {
  return host.length <= maxHost ? host : `${hashOf(host)}${host.slice(host.indexOf('.', host.length - maxHost + 8))}`;
}

function withSuffix(host: string, key: string): string {
  const dot = host.indexOf('.');
  const first = dot < 0 ? host : host.slice(0, dot);
  return bounded(`${first.slice(0, maxLabel - 9)}-${hashOf(key)}${host.slice(first.length)}`);
}

/** FNV-1a of the UTF-16 units, 8 hex digits: it tells names apart, and is no secret. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
