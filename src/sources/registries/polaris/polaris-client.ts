/**
 * Polaris: the list of services of each namespace, and the instances of each service, asked for in turns over one
 * Discover stream. A released server pushes nothing; it answers "no change" for a revision that we have.
 *
 *   every 5 s     SERVICES of each namespace   -> which services there are
 *   every 2 s     INSTANCE of each service     -> its instances (longer where there are thousands of services)
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import { grpcConnection } from '../grpc-connection.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
} from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { DiscoverStream } from './discover-stream.ts';
import { registryService } from './polaris-mapping.ts';
import { Code, type DiscoverResponse, DiscoverType, type PolarisService } from './polaris-messages.ts';

const listIntervalMs = 5_000;
const instanceIntervalMs = 2_000;
/** So that ten thousand services cost a small part of a core. */
const msPerService = 1;
/** Of the server itself. */
const ownNamespace = 'Polaris';
const window = 64;
const firstRetryMs = 200;
const longestRetryMs = 5_000;

export const createPolarisClient: CreateRegistryClient = (options) => new PolarisClient(options);

interface Known {
  readonly name: RegistryServiceName;
  metadata: Readonly<Record<string, string>>;
  /** Of the instances that were answered last; only such as were taken. */
  revision: string;
  /** How often in a row the server did not know it. */
  missed: number;
}

class PolarisClient implements RegistryClient {
  readonly scopes: readonly string[];
  readonly #options: RegistryClientOptions;
  readonly #known = new Map<string, Known>();
  /** Revision of each scope's list. */
  readonly #lists = new Map<string, string>();
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #stream: DiscoverStream | undefined;
  #address = 0;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    const { namespaces } = options.registry.spec.select;
    this.scopes = namespaces.length === 0 ? [''] : namespaces;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#stream?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let retryMs = firstRetryMs;
    // The first answer comes no sooner than the client is known.
    await sleep(0);
    while (!this.#abort.signal.aborted) {
      try {
        await this.#follow(() => {
          retryMs = firstRetryMs;
        });
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#say({ kind: 'unavailable', reason: messageOf(error) });
        // Whoever answers next may be another server, with other revisions.
        this.#lists.clear();
        for (const known of this.#known.values()) known.revision = '';
      }
      this.#stream?.close();
      this.#stream = undefined;
      this.#address++;
      await this.#pause(retryMs * (0.75 + Math.random() / 2));
      retryMs = Math.min(2 * retryMs, longestRetryMs);
    }
  }

  /** Rejects when the server cannot be asked any more. */
  async #follow(onAnswer: () => void): Promise<void> {
    const { registry, secrets } = this.#options;
    const { addresses, tls, interval } = registry.spec;
    const { token, ...files } = await secrets();
    const { address, credentials, options } = grpcConnection(
      addresses[this.#address % addresses.length] ?? '',
      tls,
      files,
    );
    const stream = new DiscoverStream(address, credentials, options, token);
    this.#stream = stream;
    let listsDue = 0;
    while (!this.#abort.signal.aborted) {
      const start = performance.now();
      if (start >= listsDue) {
        listsDue = start + listIntervalMs;
        for (const scope of this.scopes) await this.#askList(stream, scope, token);
      }
      await this.#askInstances(stream, token);
      onAnswer();
      const rest =
        (interval ?? Math.max(instanceIntervalMs, this.#known.size * msPerService)) - (performance.now() - start);
      await this.#pause(Math.max(rest, 0) * (0.95 + Math.random() / 10));
    }
  }

  async #askList(stream: DiscoverStream, scope: string, token: string | undefined): Promise<void> {
    const revision = this.#lists.get(scope) ?? '';
    const service = request({ namespace: scope, group: '', name: '' }, revision, token);
    const response = await stream.ask({ type: DiscoverType.services, service });
    const code = response.code?.value;
    if (code === Code.noChange) return;
    if (code !== Code.success) {
      this.#say({ kind: 'unavailable', scope, reason: reasonOf(response) });
      return;
    }
    const services = (response.services ?? [])
      .map(({ name, namespace, metadata = {} }) => ({
        name: { namespace: namespace?.value ?? scope, group: '', name: name?.value ?? '' },
        metadata,
      }))
      // The server registers itself, which is nobody's service unless somebody asks for it.
      .filter(({ name }) => scope !== '' || name.namespace !== ownNamespace);
    const fresh = response.service?.revision?.value ?? '';
    // An unknown namespace is answered like an empty one, but for the revision.
    const isDoubtful = services.length === 0 && fresh === '';
    this.#say({
      kind: 'services',
      scope,
      services: services.map(({ name }) => name),
      trust: isDoubtful ? 'partial' : 'complete',
      ...(isDoubtful ? { reason: 'the server lists no service, and no revision' } : {}),
    });
    if (!isDoubtful) this.#keep(scope, services, fresh);
  }

  #keep(scope: string, services: readonly Pick<Known, 'name' | 'metadata'>[], revision: string): void {
    const { select } = this.#options.registry.spec;
    const listed = new Set<string>();
    for (const { name, metadata } of services) {
      if (!isSelected(select, name)) continue;
      const key = keyOf(name);
      listed.add(key);
      const known = this.#known.get(key);
      if (known === undefined) this.#known.set(key, { name, metadata, revision: '', missed: 0 });
      else known.metadata = metadata;
    }
    for (const [key, { name }] of this.#known) {
      if ((scope === '' || name.namespace === scope) && !listed.has(key)) this.#known.delete(key);
    }
    this.#lists.set(scope, revision);
  }

  async #askInstances(stream: DiscoverStream, token: string | undefined): Promise<void> {
    const queue = [...this.#known.values()];
    let answers: RegistryAnswer[] = [];
    const worker = async (): Promise<void> => {
      for (let known = queue.pop(); known !== undefined; known = queue.pop()) {
        const service = request(known.name, known.revision, token);
        const response = await stream.ask({ type: DiscoverType.instance, service });
        const answer = this.#answerOf(known, response);
        if (answer !== undefined) answers.push(answer);
        if (answers.length >= window) {
          this.#say(...answers);
          answers = [];
        }
      }
    };
    await Promise.all(Array.from({ length: window }, worker));
    if (answers.length > 0) this.#say(...answers);
  }

  #answerOf(known: Known, response: DiscoverResponse): RegistryAnswer | undefined {
    const code = response.code?.value;
    const asked = response.service;
    if (code === Code.noChange) return undefined;
    if (code === Code.noSuchService) return ++known.missed < 2 ? undefined : { kind: 'absent', service: known.name };
    known.missed = 0;
    const isOurs = asked?.name?.value === known.name.name && asked.namespace?.value === known.name.namespace;
    if (code !== Code.success || !isOurs) {
      const reason = isOurs || code !== Code.success ? reasonOf(response) : 'the answer is about another service';
      const service = { ...known.name, metadata: known.metadata, instances: [], isProtected: false };
      return { kind: 'service', service, trust: 'partial', reason };
    }
    known.revision = asked.revision?.value ?? '';
    const service = registryService(known.name, known.metadata, response.instances ?? []);
    return { kind: 'service', service, trust: 'complete' };
  }

  #say(...answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#abort.signal }).catch(() => {});
  }
}

function request(
  { namespace, name }: RegistryServiceName,
  revision: string,
  token: string | undefined,
): PolarisService {
  return {
    ...(name === '' ? {} : { name: { value: name } }),
    ...(namespace === '' ? {} : { namespace: { value: namespace } }),
    ...(revision === '' ? {} : { revision: { value: revision } }),
    ...(token === undefined ? {} : { token: { value: token } }),
  };
}

function keyOf({ namespace, name }: RegistryServiceName): string {
  return `${namespace}/${name}`;
}

function reasonOf({ code, info }: DiscoverResponse): string {
  return `the server answers ${code?.value ?? 'nothing'}${info?.value === undefined ? '' : `, ${info.value}`}`;
}
