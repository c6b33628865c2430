/** For tests: a stand-in for a Eureka server, for faults that a real one does not show when asked, and for sizes. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** As the server writes it. */
export interface StandInInstance {
  readonly app: string;
  readonly instanceId: string;
  readonly ipAddr: string;
  readonly status?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Kept {
  readonly instance: StandInInstance;
  readonly actionType: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly registeredAt: number;
  readonly updatedAt: number;
}

/** For which a change is in its deltas. */
const windowMs = 180_000;

export class EurekaStandIn {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Where `/apps` stands. */
  path = '/eureka';
  /** Takes an answer's place: text, or a status. */
  override: ((path: string) => string | number | undefined) | undefined;
  /** Milliseconds for which everything has been registered when it is registered. */
  age = 3_600_000;
  readonly #server: Server;
  readonly #instances = new Map<string, Kept>();
  #changes: Kept[] = [];
  #version = 0;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  /** Gives its address. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  set(instance: StandInInstance): void {
    const key = keyOf(instance);
    const now = Date.now();
    const kept = this.#instances.get(key);
    const registeredAt = kept?.registeredAt ?? now - this.age;
    const fresh = {
      instance,
      actionType: kept === undefined ? 'ADDED' : 'MODIFIED',
      registeredAt,
      updatedAt: now,
    } as const;
    this.#instances.set(key, fresh);
    this.#note(fresh);
  }

  delete(instance: Pick<StandInInstance, 'app' | 'instanceId'>): void {
    const kept = this.#instances.get(keyOf(instance));
    this.#instances.delete(keyOf(instance));
    if (kept !== undefined) this.#note({ ...kept, actionType: 'DELETED', updatedAt: Date.now() });
  }

  /** As time does it. */
  forgetChanges(): void {
    this.#changes = [];
  }

  /** As a restart does it. */
  forgetAll(): void {
    this.#instances.clear();
    this.#changes = [];
    this.#version = 0;
  }

  /** All, or changes. */
  list(kept: Iterable<Kept> = this.#instances.values(), version = 1): string {
    const applications = new Map<string, object[]>();
    for (const one of kept) {
      const { app } = one.instance;
      applications.set(app, [...(applications.get(app) ?? []), jsonOf(one)]);
    }
    const application = [...applications].map(([name, instance]) => ({ name, instance }));
    return JSON.stringify({
      applications: { versions__delta: String(version), apps__hashcode: this.#hash(), application },
    });
  }

  #note(kept: Kept): void {
    this.#changes.push(kept);
    this.#version++;
  }

  #hash(): string {
    const counts = new Map<string, number>();
    for (const { instance } of this.#instances.values()) {
      const { status = 'UP' } = instance;
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    return [...counts.keys()]
      .sort()
      .map((status) => `${status}_${counts.get(status)}_`)
      .join('');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request;
    this.asked.push(url);
    const body = this.override?.(url) ?? this.#bodyOf(url);
    response.statusCode = typeof body === 'number' ? body : 200;
    const text = typeof body === 'number' ? '' : body;
    response.setHeader('content-type', 'application/json');
    if (String(headers['accept-encoding']).includes('gzip')) {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(text, { level: 1 }));
    } else response.end(text);
  }

  #bodyOf(url: string): string | number {
    if (url === `${this.path}/apps`) return this.list();
    if (url === `${this.path}/apps/delta`) {
      const since = Date.now() - windowMs;
      this.#changes = this.#changes.filter(({ updatedAt }) => updatedAt > since);
      return this.list(this.#changes, this.#version);
    }
    return 404;
  }
}

function keyOf({ app, instanceId }: Pick<StandInInstance, 'app' | 'instanceId'>): string {
  return `${app}/${instanceId}`;
}

/** What a real server wrote for an instance of Spring Cloud. */
function jsonOf({ instance, actionType, registeredAt, updatedAt }: Kept): object {
  const { app, instanceId, ipAddr, status = 'UP', metadata } = instance;
  return {
    instanceId,
    hostName: `${instanceId}.example`,
    app,
    ipAddr,
    status,
    overriddenStatus: 'UNKNOWN',
    port: { $: 8080, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: {
      renewalIntervalInSecs: 30,
      durationInSecs: 90,
      registrationTimestamp: registeredAt,
      lastRenewalTimestamp: updatedAt,
      evictionTimestamp: actionType === 'DELETED' ? updatedAt : 0,
      serviceUpTimestamp: registeredAt,
    },
    metadata: metadata ?? { '@class': 'java.util.Collections$EmptyMap' },
    homePageUrl: `http://${instanceId}.example:8080/`,
    statusPageUrl: `http://${instanceId}.example:8080/actuator/info`,
    healthCheckUrl: `http://${instanceId}.example:8080/actuator/health`,
    vipAddress: app.toLowerCase(),
    isCoordinatingDiscoveryServer: 'false',
    lastUpdatedTimestamp: String(updatedAt),
    lastDirtyTimestamp: String(registeredAt),
    actionType,
  };
}
