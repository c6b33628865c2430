/** A Eureka server of its own, as Spring Cloud has it, on loopback and a free port: its store is its memory. */
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { classPath, javaPeer } from '../java-peer.ts';
import { ServerProcess } from '../server-process.ts';

const mainClass = 'EurekaPeer';

export const eurekaPeer = javaPeer({
  name: 'eureka',
  purpose: "Spring Cloud's Eureka server, a registry",
  folder: import.meta.dirname,
  mainClass,
});

export interface EurekaServerOptions {
  /** Whether it keeps those whose heartbeats fail to come when they are many. */
  readonly hasSelfPreservation?: boolean;
  /** Of the user `isthmus`. Without one, whoever asks is answered. */
  readonly password?: string;
  /** Whether its deltas can be read. */
  readonly hasDelta?: boolean;
  /** Milliseconds for which it refuses to be read after its start, as long as it knows of nobody. */
  readonly waitsWhenEmpty?: number;
  /** Milliseconds for which changes are in its deltas; three minutes when absent. */
  readonly keepsDeltas?: number;
}

/** What is absent has a default that tests can do with. */
export interface EurekaInstance {
  readonly app: string;
  readonly id: string;
  readonly ip: string;
  readonly port?: number;
  readonly securePort?: number;
  readonly status?: 'UP' | 'DOWN' | 'STARTING' | 'OUT_OF_SERVICE' | 'UNKNOWN';
  readonly vip?: string;
  readonly secureVip?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Availability zone, as Amazon has it. */
  readonly zone?: string;
  /** Seconds without a heartbeat after which it goes, or a little later. */
  readonly leaseSeconds?: number;
}

export class EurekaServer {
  /** host:port. */
  readonly address: string;
  readonly #port: number;
  readonly #options: EurekaServerOptions;
  #process: ServerProcess | undefined;

  private constructor(port: number, options: EurekaServerOptions) {
    this.#port = port;
    this.#options = options;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(options: EurekaServerOptions = {}): Promise<EurekaServer> {
    const [port = 0] = await freePorts(1);
    const server = new EurekaServer(port, options);
    await server.restart();
    return server;
  }

  /** It has forgotten everything, whichever way it is started again. */
  async restartEmpty(): Promise<void> {
    await this.restart();
  }

  async restart(): Promise<void> {
    await this.kill();
    this.#process = await ServerProcess.start({
      command: 'java',
      parameters: parametersOf(this.#port, this.#options),
      isReady: async () => [200, 403].includes((await this.#fetch('GET', 'apps')).status),
    });
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  /** Registers an instance, or what changed of it. */
  async register(instance: EurekaInstance): Promise<void> {
    await this.#call('POST', `apps/${instance.app}`, { instance: registrationOf(instance) });
  }

  async deregister({ app, id }: Pick<EurekaInstance, 'app' | 'id'>): Promise<void> {
    await this.#call('DELETE', `apps/${app}/${id}`);
  }

  async renew({ app, id }: Pick<EurekaInstance, 'app' | 'id'>): Promise<void> {
    await this.#call('PUT', `apps/${app}/${id}`);
  }

  /** As an operator does it; undefined gives the instance's own status back. */
  async override({ app, id }: Pick<EurekaInstance, 'app' | 'id'>, status: string | undefined): Promise<void> {
    if (status === undefined) await this.#call('DELETE', `apps/${app}/${id}/status?value=UP`);
    else await this.#call('PUT', `apps/${app}/${id}/status?value=${status}`);
  }

  /** The server's own JSON. */
  async read(path: string): Promise<string> {
    return (await this.#fetch('GET', path)).text();
  }

  async #call(method: string, path: string, body?: object): Promise<void> {
    const response = await this.#fetch(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response> {
    const { password } = this.#options;
    return fetch(`http://${this.address}/eureka/${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(password === undefined ? {} : { authorization: `Basic ${btoa(`isthmus:${password}`)}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function registrationOf(instance: EurekaInstance): object {
  const { app, id, ip, port = 8080, securePort, status = 'UP', vip = app.toLowerCase(), secureVip, zone } = instance;
  return {
    instanceId: id,
    app,
    hostName: `${id}.example`,
    ipAddr: ip,
    status,
    port: { $: port, '@enabled': 'true' },
    securePort: { $: securePort ?? 443, '@enabled': String(securePort !== undefined) },
    vipAddress: vip,
    ...(secureVip === undefined ? {} : { secureVipAddress: secureVip }),
    dataCenterInfo:
      zone === undefined
        ? { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' }
        : { '@class': 'com.netflix.appinfo.AmazonInfo', name: 'Amazon', metadata: { 'availability-zone': zone } },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: instance.leaseSeconds ?? 600 },
    ...(instance.metadata === undefined ? {} : { metadata: instance.metadata }),
  };
}

function parametersOf(port: number, options: EurekaServerOptions): readonly string[] {
  const classes = eurekaPeer.find();
  if (classes === undefined) throw new Error('eureka is not installed');
  const { hasSelfPreservation = false, password, hasDelta = true, waitsWhenEmpty = 0, keepsDeltas = 180_000 } = options;
  const properties = {
    'server.address': '127.0.0.1',
    'server.port': port,
    'spring.main.banner-mode': 'off',
    'eureka.instance.hostname': '127.0.0.1',
    'eureka.client.register-with-eureka': false,
    'eureka.client.fetch-registry': false,
    'eureka.server.enable-self-preservation': hasSelfPreservation,
    'eureka.server.eviction-interval-timer-in-ms': 500,
    'eureka.server.use-read-only-response-cache': false,
    // A list that is written while an instance registers lacks it, and would be answered for three minutes.
    'eureka.server.response-cache-auto-expiration-in-seconds': 1,
    'eureka.server.disable-delta': !hasDelta,
    'eureka.server.retention-time-in-m-s-in-delta-queue': keepsDeltas,
    'eureka.server.delta-retention-timer-interval-in-ms': Math.min(keepsDeltas, 30_000),
    // How many it makes believe to have when it has none, so that it need not wait.
    'eureka.instance.registry.default-open-for-traffic-count': waitsWhenEmpty > 0 ? 0 : 1,
    'eureka.server.wait-time-in-ms-when-sync-empty': waitsWhenEmpty,
    ...(password === undefined
      ? {}
      : { 'spring.security.user.name': 'isthmus', 'spring.security.user.password': password }),
  };
  const flags = ['-Xmx160m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const settings = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  return [...flags, ...settings, '-cp', classPath(classes), mainClass];
}
