/** Mesh services out to registries: a publisher for each ServiceRegistry that asks for it, fed with its publications. */
import type { Change } from '../../collections/collection.ts';
import { equal } from '../../collections/equality.ts';
import { PolarisPublisher, type PublisherConnection } from '../../delivery/registries/polaris/polaris-publisher.ts';
import { createRegistrationClient } from '../../delivery/registries/polaris/registration-client.ts';
import type { FoundInstance as Found } from '../../delivery/registries/polaris/registration-plan.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { Publication } from '../../model/publication.ts';
import type { RegistryInstance } from '../../model/registry.ts';
import type { Logger } from '../../operations/log.ts';
import type { RegistryPublishSpec, ServiceRegistry } from '../../resources/kinds.ts';
import { grpcConnection } from '../../sources/registries/grpc-connection.ts';
import { connectDiscover, isHttp } from '../../sources/registries/polaris/discover-addresses.ts';
import { readInstances, readServices } from '../../sources/registries/polaris/service-reading.ts';
import { RegistryCredentials } from '../../sources/registries/registry-credentials.ts';
import type { SecretStore } from '../../sources/registries/secret-contents.ts';
import type { Pipeline } from '../pipeline.ts';

export interface RegistryPublishingOptions {
  /** Whether all sources were seen, so that what is not in the mesh is not there. */
  readonly mayRemove: () => boolean;
  /** Where credentials are that stand in Secrets; absent outside of Kubernetes. */
  readonly secrets?: SecretStore;
  readonly log: Logger;
}

interface Trouble {
  readonly reason: string;
  /** Absent where it is not us who have no credentials. */
  readonly remedy?: string;
}

interface Running {
  readonly registry: ServiceRegistry;
  readonly publish: RegistryPublishSpec;
  readonly publisher: PolarisPublisher;
}

export class RegistryPublishing {
  readonly #pipeline: Pipeline;
  readonly #options: RegistryPublishingOptions;
  /** By the ServiceRegistry's name. */
  readonly #running = new Map<string, Running>();
  readonly #troubles = new Map<string, Trouble>();
  readonly #ending = new Set<Promise<void>>();
  readonly #stops: readonly (() => void)[];

  constructor(pipeline: Pipeline, options: RegistryPublishingOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    const { engine, resources, mesh } = pipeline;
    this.#stops = [
      engine.sink(resources.ServiceRegistry, (diff) => {
        for (const { before, after } of diff) this.#follow(before, after);
      }),
      engine.sink(mesh.publications, (diff) => this.#feed(diff)),
    ];
  }

  findings(): readonly Finding[] {
    return [...this.#running.values()].flatMap(({ registry: { metadata } }) => {
      const trouble = this.#troubles.get(metadata.name);
      if (trouble === undefined) return [];
      const { reason, ...remedy } = trouble;
      const object = { kind: 'ServiceRegistry', name: metadata.name } as const;
      const place = metadata.place === undefined ? {} : { place: metadata.place };
      return [finding('ISTH1014', { object, ...place, path: 'spec.publish', message: `${reason}.`, ...remedy })];
    });
  }

  /** Leaves what is registered as it is. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    await Promise.all([...this.#running.values()].map(async ({ publisher }) => publisher.close()));
    await Promise.all(this.#ending);
  }

  #follow(before: ServiceRegistry | undefined, after: ServiceRegistry | undefined): void {
    const name = (after ?? before)?.metadata.name ?? '';
    const running = this.#running.get(name);
    const publish = after?.spec.publish;
    if (running !== undefined && after !== undefined && equal(running.registry.spec, after.spec)) return;
    if (running !== undefined) this.#end(name, running, publish);
    if (after === undefined || publish === undefined) return;
    const publisher = this.#publisherFor(after, publish);
    this.#running.set(name, { registry: after, publish, publisher });
    const wanted = [...this.#pipeline.mesh.publications.values()].filter(({ registry }) => registry === name);
    publisher.take(wanted.map((publication) => ({ name: publication.name, publication })));
    publisher.start();
  }

  /** What is registered goes where nobody goes on with it. */
  #end(name: string, { publish, publisher }: Running, next: RegistryPublishSpec | undefined): void {
    this.#running.delete(name);
    this.#troubles.delete(name);
    const goesOn = next?.into === publish.into && next.publisher === publish.publisher;
    const ending = goesOn ? publisher.close() : publisher.withdraw();
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #feed(diff: readonly Change<Publication>[]): void {
    for (const [name, changes] of Map.groupBy(diff, ({ before, after }) => (after ?? before)?.registry ?? '')) {
      const running = this.#running.get(name);
      const ofTarget = changes.filter(({ before, after }) => (after ?? before)?.namespace === running?.publish.into);
      running?.publisher.take(
        ofTarget.map(({ before, after }) => ({ name: (after ?? before)?.name ?? '', publication: after })),
      );
    }
  }

  #publisherFor(registry: ServiceRegistry, publish: RegistryPublishSpec): PolarisPublisher {
    const { name } = registry.metadata;
    const { into, publisher, ttl } = publish;
    const { mayRemove, secrets, log } = this.#options;
    const credentials = credentialsOf(registry, publish, secrets);
    return new PolarisPublisher({
      namespace: into,
      publisher,
      ttl: Math.round(ttl / 1000),
      connect: connector(registry, credentials),
      mayRemove,
      onTrouble: (said) => {
        const reason = credentials.mask(said);
        const { remedy } = credentials;
        if (reason === '') this.#troubles.delete(name);
        else this.#troubles.set(name, { reason, ...(remedy === undefined ? {} : { remedy }) });
        if (reason === '') log.info({ registry: name, into }, 'mesh services are registered');
        else log.warn({ registry: name, into, reason }, 'mesh services cannot be registered');
      },
    });
  }
}

/** Who may write may be another one than who may read. */
function credentialsOf(
  { spec }: ServiceRegistry,
  { tokenFile }: RegistryPublishSpec,
  store: SecretStore | undefined,
): RegistryCredentials {
  return new RegistryCredentials(tokenFile === undefined ? spec : { ...spec, credentials: { tokenFile } }, store);
}

/** One server after the other. */
function connector({ spec }: ServiceRegistry, credentials: RegistryCredentials): () => Promise<PublisherConnection> {
  const addresses = spec.addresses.filter((address) => !isHttp(address));
  let next = 0;
  return async () => {
    const address = addresses[next++ % addresses.length] ?? '';
    const secrets = await credentials.read();
    const { token, ...files } = secrets;
    const grpc = grpcConnection(address, spec.tls, files);
    const discover = connectDiscover(address, spec.tls, secrets);
    return {
      client: createRegistrationClient(grpc.address, grpc.credentials, grpc.options, token),
      reader: {
        services: async (namespace) => readServices(discover, namespace),
        instances: async (namespace, service, revision) => {
          const read = await readInstances(discover, namespace, service, revision);
          return read === undefined ? undefined : { revision: read.revision, instances: read.instances.map(found) };
        },
        close: () => discover.close(),
      },
    };
  };
}

function found({ address, ports, weight, locality, metadata }: RegistryInstance): Found {
  const { region, zone, subzone: campus } = locality;
  const [port] = ports;
  return {
    host: address,
    port: port?.number ?? 0,
    protocol: port?.protocol ?? '',
    weight: weight ?? 0,
    location: { region, zone, campus },
    metadata,
  };
}
