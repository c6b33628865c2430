/** Which proxies are there: their kinds and addresses decide what is translated. Told before a proxy's first answer. */
import type { ProxyNode } from '../model/proxy.ts';
import { addCallerPlace } from './caller-places.ts';
import { interceptedKey, type Pipeline } from './pipeline.ts';

export class ProxyPresence {
  readonly #pipeline: Pipeline;
  /** Open streams by address. */
  readonly #streams = new Map<string, number>();
  /** The proxy that came last, by address. */
  readonly #proxies = new Map<string, ProxyNode>();

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** A kind stays in use once it was seen: proxies that reconnect find their resources ready. */
  enter(proxy: ProxyNode): void {
    const { kind, interception, locality, addresses } = proxy;
    const { engine, proxyKinds, interceptedKinds, callerPlaces, proxyAddresses } = this.#pipeline;
    // istiod tells it what to listen for, and what is near.
    if (kind === 'istio-sidecar') {
      if (!proxyKinds.has(kind)) engine.batch(() => proxyKinds.set(kind));
      return;
    }
    if (locality !== undefined) addCallerPlace(engine, callerPlaces, locality);
    for (const address of addresses) {
      this.#streams.set(address, (this.#streams.get(address) ?? 0) + 1);
      this.#proxies.set(address, proxy);
    }
    const unknown = addresses.filter((address) => !proxyAddresses.has(address));
    const isHandedAnew = interception !== undefined && !interceptedKinds.has(interceptedKey({ kind, interception }));
    if (proxyKinds.has(kind) && !isHandedAnew && unknown.length === 0) return;
    engine.batch(() => {
      proxyKinds.set(kind);
      if (isHandedAnew) interceptedKinds.set({ kind, interception });
      for (const address of unknown) proxyAddresses.set(address);
    });
  }

  /** Beside the workload at an address. */
  proxyAt(address: string): ProxyNode | undefined {
    return this.#proxies.get(address);
  }

  leave({ kind, addresses }: ProxyNode): void {
    if (kind === 'istio-sidecar') return;
    const { engine, proxyAddresses } = this.#pipeline;
    const left = addresses.filter((address) => {
      const streams = (this.#streams.get(address) ?? 0) - 1;
      if (streams > 0) this.#streams.set(address, streams);
      else this.#streams.delete(address);
      if (streams <= 0) this.#proxies.delete(address);
      return streams <= 0;
    });
    if (left.length === 0) return;
    engine.batch(() => {
      for (const address of left) proxyAddresses.delete(address);
    });
  }
}
