/**
 * One service as it is followed: by one name of Nacos, or by several, where Dubbo registers under an old and a new one.
 * It knows what was last said of it in full, and so what is missing since.
 */
import type { RegistryInstance, RegistryService, RegistryServiceName } from '../../../model/registry.ts';
import { type Doubt, unreadableDoubts } from '../doubt.ts';
import type { RegistryAnswer } from '../registry-client.ts';
import { isProviders } from './dubbo-names.ts';
import { registryInstance } from './nacos-mapping.ts';
import type { ServiceInfo } from './naming-session.ts';

/** One name of Nacos. */
export interface Part {
  readonly raw: RegistryServiceName;
  readonly of: FollowedService;
  isSubscribed: boolean;
  /** Counts pushes: what is answered to a request is older than a push that came meanwhile. */
  pushes: number;
  /** What is there, as far as it was read. */
  info: PartInfo | undefined;
}

interface PartInfo {
  readonly instances: readonly RegistryInstance[];
  /** How many more there are, of which nothing can be read. */
  readonly unreadable: number;
  readonly isProtected: boolean;
}

export class FollowedService {
  readonly name: RegistryServiceName;
  readonly parts = new Map<string, Part>();
  /** Ids of what was last said in full. */
  #sound: ReadonlySet<string> = new Set();
  /** What is missing was not said to be gone. */
  isDoubted = false;

  constructor(name: RegistryServiceName) {
    this.name = name;
  }

  get hasInstances(): boolean {
    return this.#sound.size > 0;
  }

  part(raw: RegistryServiceName): Part {
    const known = this.parts.get(raw.name);
    if (known !== undefined) return known;
    const part: Part = { raw, of: this, isSubscribed: false, pushes: 0, info: undefined };
    this.parts.set(raw.name, part);
    return part;
  }

  take(part: Part, { hosts, isProtected }: ServiceInfo): void {
    const isProvider = isProviders(part.raw.name);
    const instances = hosts.flatMap((host) => registryInstance(host, isProvider) ?? []);
    part.info = { instances, unreadable: hosts.length - instances.length, isProtected };
  }

  /** Undefined while not all of it was read. `doubt`: why what is missing may come back. */
  answer(doubt?: Doubt): RegistryAnswer | undefined {
    const infos = [...this.parts.values()].flatMap(({ info }) => info ?? []);
    if (infos.length < this.parts.size) return undefined;
    const instances = infos.flatMap((info) => info.instances);
    const isProtected = infos.some((info) => info.isProtected);
    const ids = new Set(instances.map(({ id }) => id));
    const service: RegistryService = { ...this.name, metadata: {}, instances, isProtected };
    this.isDoubted = doubt !== undefined && [...this.#sound].some((id) => !ids.has(id));
    if (doubt !== undefined && this.isDoubted) return { kind: 'service', service, trust: 'partial', doubts: [doubt] };
    this.#sound = ids;
    const unreadable = infos.reduce((sum, info) => sum + info.unreadable, 0);
    return { kind: 'service', service, trust: 'complete', ...unreadableDoubts(unreadable) };
  }

  refusal(doubt: Doubt): RegistryAnswer {
    const service: RegistryService = { ...this.name, metadata: {}, instances: [], isProtected: false };
    return { kind: 'service', service, trust: 'partial', doubts: [doubt] };
  }
}
