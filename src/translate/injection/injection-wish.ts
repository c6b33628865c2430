/** What is to be done to one Pod: by its own annotations, then its namespace, then the settings. A mistake in them is a finding. */
import type { Finding, ObjectRef } from '../../model/finding.ts';
import { finding } from '../../model/finding.ts';
import {
  type InjectedProxy,
  type InjectionSettings,
  injectionKeys,
  knownInjectedProxies,
} from './injection-settings.ts';
import type { Pod } from './pod.ts';

/**
 * How connections of the Pod come to its proxy. `route`: virtual IPs are local, and the proxy stands on them. `redirect`: by
 * nftables, whatever is dialled. `none`: nothing is changed.
 */
const knownInterceptions = ['route', 'redirect', 'none'] as const;
export type PodInterception = (typeof knownInterceptions)[number];

/** Whether callers of the workload meet its proxy where nothing is redirected: then the workload listens on 127.0.0.1. */
const knownInbounds = ['none', 'loopback'] as const;

export interface InjectionWish {
  readonly proxy: InjectedProxy;
  readonly interception: PodInterception;
  /** The proxy stands on the addresses of the Pod, or is given what comes in there. */
  readonly takesInbound: boolean;
  readonly excludeInboundPorts: readonly number[];
  /** Ports and CIDRs. */
  readonly excludeOutbound: readonly string[];
}

export interface WishReading {
  readonly wish: InjectionWish;
  readonly findings: readonly Finding[];
}

/** `ofNamespace`: its labels and annotations. An error among the findings: nothing must be done. */
export function readWish(
  { annotations }: Pod,
  ofNamespace: Readonly<Record<string, string>>,
  settings: InjectionSettings,
  object: ObjectRef,
): WishReading {
  const reading = new AnnotationReading(annotations, object);
  const asked = knownInjectedProxies.find((one) => one === ofNamespace[injectionKeys.proxy]);
  const proxy = reading.choice(injectionKeys.proxy, knownInjectedProxies) ?? asked ?? settings.proxy;
  const usual = proxy === 'envoy' ? 'redirect' : 'route';
  const written = reading.choice(injectionKeys.interception, knownInterceptions);
  if (written === 'redirect' && proxy !== 'envoy')
    reading.wrong(injectionKeys.interception, 'metaproxy takes no redirected connections', 'Write route or none.');
  const interception = written ?? (settings.interception ? usual : 'none');
  const inbound = reading.choice(injectionKeys.inbound, knownInbounds);
  if (proxy === 'envoy' && interception !== 'redirect' && inbound !== 'loopback')
    reading.wrong(
      injectionKeys.inbound,
      'Envoy takes the ports of the workload where nothing is redirected to it',
      'Let the workload listen on 127.0.0.1 and write loopback, or choose metaproxy.',
    );
  const wish = {
    proxy,
    interception,
    takesInbound: interception === 'redirect' || inbound === 'loopback',
    excludeInboundPorts: reading.list(injectionKeys.excludeInboundPorts, isPort, 'ports').map(Number),
    excludeOutbound: [
      ...reading.list(injectionKeys.excludeOutboundPorts, isPort, 'ports'),
      ...reading.list(injectionKeys.excludeOutboundCidrs, isCidr, 'CIDRs such as 10.0.0.0/8'),
    ],
  };
  if (interception !== 'redirect')
    for (const key of [
      injectionKeys.excludeInboundPorts,
      injectionKeys.excludeOutboundPorts,
      injectionKeys.excludeOutboundCidrs,
    ])
      reading.idle(key);
  return { wish, findings: reading.findings };
}

/** As two people write yes and no. Undefined: nothing is said. Throws nothing: what is neither says nothing. */
export function saysInject(values: Readonly<Record<string, string>>): boolean | undefined {
  const said = values[injectionKeys.inject];
  if (said === 'true' || said === 'enabled') return true;
  return said === 'false' || said === 'disabled' ? false : undefined;
}

class AnnotationReading {
  readonly #annotations: Readonly<Record<string, string>>;
  readonly #object: ObjectRef;
  readonly findings: Finding[] = [];

  constructor(annotations: Readonly<Record<string, string>>, object: ObjectRef) {
    this.#annotations = annotations;
    this.#object = object;
  }

  choice<T extends string>(key: string, known: readonly T[]): T | undefined {
    const written = this.#annotations[key];
    if (written === undefined) return undefined;
    const chosen = known.find((one) => one === written);
    if (chosen === undefined)
      this.wrong(key, `"${written}" is none of ${known.join(', ')}`, `Write one of ${known.join(', ')}.`);
    return chosen;
  }

  /** Each once, in order. */
  list(key: string, isOne: (text: string) => boolean, what: string): readonly string[] {
    const items = (this.#annotations[key] ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const strange = items.find((item) => !isOne(item));
    if (strange === undefined) return [...new Set(items)].sort();
    this.wrong(key, `"${strange}" is no item of a list of ${what}`, `Write ${what}, with commas between them.`);
    return [];
  }

  wrong(key: string, message: string, remedy: string): void {
    this.findings.push(
      finding('ISTH1601', { object: this.#object, path: pathOf(key), message: `${message}.`, remedy }),
    );
  }

  idle(key: string): void {
    if (this.#annotations[key] === undefined) return;
    const message = 'Nothing of this Pod is redirected, so that nothing can be left out of it.';
    this.findings.push(finding('ISTH1603', { object: this.#object, path: pathOf(key), message }));
  }
}

function pathOf(key: string): string {
  return `metadata.annotations[${key}]`;
}

function isPort(text: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535;
}

function isCidr(text: string): boolean {
  const [address = '', length = '', ...more] = text.split('/');
  if (more.length > 0 || !/^[0-9]{1,3}$/.test(length)) return false;
  const isFour = /^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.|$)){4}$/.test(address) && !address.endsWith('.');
  const isSix = /^[0-9a-fA-F:]{2,39}$/.test(address) && address.includes(':');
  return (isFour && Number(length) <= 32) || (isSix && Number(length) <= 128);
}
