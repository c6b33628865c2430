/** Which hosts a proxy is told of, and answered the addresses of, where a Sidecar of Istio is for its workload. */
import { rootNamespaces, type SidecarRule, scopeOfSidecar, sidecarFor } from '../mesh/services/sidecars.ts';
import { meshKey } from '../mesh/settings.ts';
import type { HostScope } from '../model/host-scope.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { scopesOf } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';

export type ScopedWorkload = Pick<ProxyNode, 'namespace' | 'labels'>;

export class ProxyScopes {
  readonly #pipeline: Pipeline;
  /** What a rule is in a namespace: nearly all are for one. */
  readonly #known = new WeakMap<SidecarRule, Map<string, HostScope>>();

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** Undefined where it is told of all that is exported to it. */
  of(workload: ScopedWorkload): HostScope | undefined {
    const { settings, sidecars } = this.#pipeline.mesh;
    const current = settings.get(meshKey);
    if (current === undefined || sidecars.rules.size === 0) return undefined;
    const rule = sidecarFor(sidecars, current, workload);
    if (rule === undefined) return undefined;
    const ofRule = this.#known.get(rule) ?? new Map<string, HostScope>();
    this.#known.set(rule, ofRule);
    const scope = ofRule.get(workload.namespace) ?? scopeOfSidecar(rule, workload.namespace);
    ofRule.set(workload.namespace, scope);
    return scope;
  }

  /**
   * What the proxy sees of the scopes of `translate/scope.ts`. Of the namespaces that its Sidecar names, of which there may be tens of
   * thousands, those count alone whose hosts others have as well.
   */
  scopesOf(proxy: ProxyNode, hosts: HostScope | undefined): readonly string[] {
    if (hosts === undefined) return scopesOf(proxy);
    const { contestingNamespaces } = this.#pipeline.mesh;
    return scopesOf(proxy, { namespaces: hosts.namespaces.filter((one) => contestingNamespaces.has(one)) });
  }

  /** Calls back after each batch that may have changed it for the workloads of some namespaces. Holds for as long as the pipeline. */
  onChange(changed: (concerns: (workload: ScopedWorkload) => boolean) => void): void {
    const { engine, mesh } = this.#pipeline;
    engine.sink(mesh.sidecars.rules, (diff) => {
      const namespaces = new Set(
        diff.flatMap(({ before, after }) =>
          [before, after].flatMap((rule) => rule?.writtenBy.metadata.namespace ?? []),
        ),
      );
      const current = mesh.settings.get(meshKey);
      const isForAll = current === undefined || rootNamespaces(current).some((root) => namespaces.has(root));
      changed(({ namespace }) => isForAll || namespaces.has(namespace));
    });
    const concernsAll = (): void => {
      if (mesh.sidecars.rules.size > 0) changed(() => true);
    };
    // What root namespaces are is said by the settings.
    engine.sink(mesh.settings, concernsAll);
    engine.sink(mesh.contestingNamespaces, concernsAll);
  }
}
