/**
 * Sidecars of Istio: which hosts the workloads of a namespace are told of. For a workload the first of these is in force:
 *
 *   one of its namespace that selects it by its labels
 *   one of its namespace that selects nobody
 *   one of a root namespace, ours or Istio's, that selects nobody
 *
 * and none of them: it is told of all that is exported to it. Of two of a kind, the oldest counts.
 */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { type HostPattern, HostScope } from '../../model/host-scope.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { Service } from '../../model/service.ts';
import type { Sidecar } from '../../resources/kinds.ts';
import { about, byAge, type Described } from '../resource-order.ts';
import type { HostServices } from './services.ts';

export interface SidecarRule {
  readonly key: string;
  readonly writtenBy: Described;
  /** Absent: it is for all workloads that no other selects. */
  readonly labels?: Readonly<Record<string, string>>;
  /** A namespace of `.` is that of the workload. */
  readonly hosts: readonly HostPattern[];
}

export interface Sidecars {
  /** By the key of the Sidecar. */
  readonly rules: Collection<SidecarRule>;
  readonly byNamespace: Index<SidecarRule>;
}

export interface SidecarTables {
  readonly sidecars: Collection<Sidecar>;
  /** By service key. */
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
}

export function sidecarRules(engine: Engine, { sidecars, services, hosts }: SidecarTables): Sidecars {
  const rules = engine.map('sidecars', sidecars, (sidecar, context): SidecarRule => {
    const { kind, key, metadata, spec } = sidecar;
    reportUnhonoured(sidecar, (path, message) =>
      context.report(finding('ISTH0514', { ...about(sidecar), path, message })),
    );
    const labels = spec.workloadSelector?.labels ?? {};
    spec.egress.forEach((listener, index) => {
      listener.hosts.forEach((written, at) => {
        const { namespace, host } = patternOf(written);
        if (namespace === '~' || host.includes('*')) return;
        const own = namespace === '.' ? metadata.namespace : namespace;
        const isThere =
          own === '*' ? context.get(hosts, host) !== undefined : context.get(services, `${own}/${host}`) !== undefined;
        // In a root namespace, each namespace of the mesh may have a host of its own by that name.
        if (isThere || (namespace === '.' && context.get(hosts, host) !== undefined)) return;
        const path = `spec.egress[${index}].hosts[${at}]`;
        const message = `There is no host ${host}${own === '*' ? '' : ` in namespace ${own}`}: hosts are named in full.`;
        context.report(finding('ISTH0503', { ...about(sidecar), path, message }));
      });
    });
    return {
      key,
      writtenBy: { kind, key, metadata },
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      hosts: spec.egress.length === 0 ? everything : spec.egress.flatMap((one) => one.hosts.map(patternOf)),
    };
  });
  const byNamespace = engine.index('sidecars by namespace', rules, ({ writtenBy }) => [writtenBy.metadata.namespace]);
  engine.map('sidecars out of force', rules, ({ key, writtenBy, labels }, context) => {
    if (labels !== undefined) return undefined;
    const { namespace } = writtenBy.metadata;
    const [first] = inOrder(context.lookup(byNamespace, namespace).filter((other) => other.labels === undefined));
    if (first === undefined || first.key === key) return undefined;
    const message = `For namespace ${namespace}, ${formatObject(about(first.writtenBy).object)} is in force instead.`;
    context.report(finding('ISTH1343', { ...about(writtenBy), path: 'spec.workloadSelector', message }));
    return undefined;
  });
  return { rules, byNamespace };
}

const everything: readonly HostPattern[] = [{ namespace: '*', host: '*' }];

function patternOf(written: string): HostPattern {
  const slash = written.indexOf('/');
  return { namespace: written.slice(0, slash), host: written.slice(slash + 1).toLowerCase() };
}

/** The names of the hosts of a listener of its own are heeded, and nothing else of it: they are reached as all others. */
function reportUnhonoured({ spec }: Sidecar, report: (path: string, message: string) => void): void {
  for (const part of spec.unread) report(`spec.${part}`, 'Proxies of ours do without it.');
  spec.egress.forEach(({ port, unread }, index) => {
    const parts = [...(port === undefined ? [] : ['port']), ...unread];
    for (const part of parts)
      report(
        `spec.egress[${index}].${part}`,
        'Proxies of ours are told of its hosts, at all ports and as of all others.',
      );
  });
}

/** Undefined where the workload is told of all. */
export function sidecarFor(
  { byNamespace }: Pick<Sidecars, 'byNamespace'>,
  settings: MeshSettings,
  { namespace, labels }: Pick<ProxyNode, 'namespace' | 'labels'>,
): SidecarRule | undefined {
  const own = inOrder(byNamespace.lookup(namespace));
  const selects = (wanted: SidecarRule['labels'] = {}): boolean =>
    Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return (
    own.find((rule) => rule.labels !== undefined && selects(rule.labels)) ??
    [own, ...rootNamespaces(settings).map((root) => inOrder(byNamespace.lookup(root)))]
      .flat()
      .find((rule) => rule.labels === undefined)
  );
}

/** Whose Sidecars are for all namespaces without one. */
export function rootNamespaces({ rootNamespace, istio = defaultIstioSettings }: MeshSettings): readonly string[] {
  return [rootNamespace, istio.rootNamespace];
}

function inOrder(rules: readonly SidecarRule[]): readonly SidecarRule[] {
  return rules.length < 2 ? rules : rules.toSorted((a, b) => byAge(a.writtenBy, b.writtenBy));
}

/** For workloads of the namespace. */
export function scopeOfSidecar({ hosts }: SidecarRule, namespace: string): HostScope {
  return new HostScope(
    hosts
      .filter((pattern) => pattern.namespace !== '~')
      .map((pattern) => (pattern.namespace === '.' ? { namespace, host: pattern.host } : pattern)),
  );
}
