/**
 * The roots of which other trust domains a proxy has to be told of, beside our own: those that the ports beside it refer to. What
 * was wanted once stays so: a listener that is being drained still has it.
 */
import { settingsOf } from '../../mesh/settings.ts';
import { callingDomains } from '../../translate/envoy/federated-callers.ts';
import { type OtherDomains, rootsSecretOf } from '../../translate/envoy/tls-contexts.ts';
import type { Pipeline } from '../pipeline.ts';

export class WantedRoots {
  #isFederated = false;
  /** By identity, and by name of the secret. */
  readonly #ofPorts = new Map<string, Map<string, readonly string[]>>();

  /** `changed`: more is wanted by this identity; undefined: by each. Returns how to stop it. */
  follow({ engine, mesh }: Pipeline, changed: (identity: string | undefined) => void): () => void {
    const calling = engine.map('trust domains of callers', mesh.inboundPorts, (port, context) => {
      const domains = callingDomains(port, settingsOf(context, mesh.settings));
      if (port.guard === undefined || domains === 'any' || domains.length === 0) return undefined;
      return { key: port.key, identity: port.guard.identity, domains };
    });
    const stops = [
      engine.sink(mesh.settings, (diff) => {
        if (this.#isFederated || diff.every(({ after }) => after?.otherDomains === undefined)) return;
        this.#isFederated = true;
        changed(undefined);
      }),
      engine.sink(calling, (diff) => {
        for (const { after } of diff)
          if (after !== undefined && this.#add(after.identity, after.domains)) changed(after.identity);
      }),
    ];
    return () => stops.forEach((stop) => void stop());
  }

  /** One secret for each. */
  of(identity: string): readonly OtherDomains[] {
    const ofPorts = [...(this.#ofPorts.get(identity)?.values() ?? [])];
    return this.#isFederated ? ['any', ...ofPorts] : ofPorts;
  }

  /** Whether it is new. */
  #add(identity: string, domains: readonly string[]): boolean {
    const known = this.#ofPorts.get(identity) ?? new Map<string, readonly string[]>();
    const name = rootsSecretOf(domains);
    if (known.has(name)) return false;
    this.#ofPorts.set(identity, known.set(name, domains));
    return true;
  }
}
