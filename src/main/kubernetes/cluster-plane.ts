/**
 * A control plane in a cluster: what it has beside the pipeline, in place of files and a state folder.
 *
 *   API server --> source of resources, state, who of the replicas writes    from the start on
 *   pipeline   --> parts that write to the API server                        once it serves
 *
 * Each part stands in a file of its own; this one names them in order.
 */
import { hostname } from 'node:os';
import type { ClusterWish } from '../../cli/actions.ts';
import type { SharedState } from '../../delivery/files/shared-state.ts';
import type { HeldState } from '../../delivery/files/state-folder.ts';
import { EventRecorder } from '../../delivery/kubernetes/events/event-recorder.ts';
import { ClusterState } from '../../delivery/kubernetes/records/cluster-state.ts';
import type { Leadership } from '../../delivery/kubernetes/replicas/leadership.ts';
import { type Replicas, ReplicaWords } from '../../delivery/kubernetes/replicas/replica-words.ts';
import { RevisionPrecedence } from '../../delivery/kubernetes/replicas/revision-precedence.ts';
import { writableBy } from '../../delivery/kubernetes/replicas/writership.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { type ClusterAccess, openClusterAccess } from '../../kubernetes-api/cluster-access.ts';
import { reviewToken } from '../../kubernetes-api/token-review.ts';
import { steadyClock, systemClock } from '../../model/clock.ts';
import type { ClusterWritingControl } from '../../model/cluster-writing.ts';
import { IsthmusError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReflectorSight } from '../../model/reflector-sight.ts';
import { createReflectorMetrics } from '../../operations/reflector-metrics.ts';
import { ServiceAccountTokens } from '../../security/service-account-tokens.ts';
import { clusterSecrets } from '../../sources/registries/cluster-secrets.ts';
import type { SecretStore } from '../../sources/registries/secret-contents.ts';
import { startApplying } from './applying.ts';
import { startBootstrapPublishing } from './bootstrap-publishing.ts';
import { openLeadership, tellOfLeadership } from './cluster-leadership.ts';
import { ClusterLeases } from './cluster-leases.ts';
import type { ClusterPart, ClusterSurroundings, PlaneSurroundings, SeenListener, WebhookWish } from './cluster-part.ts';
import { startRootPublishing } from './root-publishing.ts';
import { startStatusWriting } from './status-writing.ts';
import { startTrustSharing } from './trust-sharing.ts';
import { readWebhookWish, startWebhookPart } from './webhook-part.ts';

/** What writes to the API server, in the order in which it is started. */
const parts: readonly ((surroundings: ClusterSurroundings) => ClusterPart)[] = [
  startApplying,
  startStatusWriting,
  startRootPublishing,
  startBootstrapPublishing,
  startWebhookPart,
  startTrustSharing,
];

/** What is there from the start on, for whoever writes. */
interface Writing {
  readonly writership: Leadership;
  /** Reads for everybody; what is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly events: EventRecorder;
  readonly replicas: ReplicaWords;
  readonly stopTelling: () => void;
}

export class ClusterPlane {
  readonly wish: ClusterWish;
  readonly #access: ClusterAccess;
  readonly #webhook: WebhookWish | undefined;
  /** Where credentials of registries are. */
  readonly secrets: SecretStore;
  #writing: Writing | undefined;
  #state: ClusterState | undefined;
  #leases: ClusterLeases | undefined;
  readonly #running: ClusterPart[] = [];
  readonly #stopping = new AbortController();
  #ofMesh: () => readonly ReflectorSight[] = () => [];
  readonly #seeing = new Set<SeenListener>();

  private constructor(wish: ClusterWish, access: ClusterAccess, webhook: WebhookWish | undefined) {
    this.wish = wish;
    this.#access = access;
    this.#webhook = webhook;
    this.secrets = clusterSecrets(access.server, steadyClock);
  }

  /** Asks nobody yet. Throws USAGE for a kubeconfig that cannot be used. */
  static async open(wish: ClusterWish): Promise<ClusterPlane> {
    return new ClusterPlane(wish, await openClusterAccess(wish), await readWebhookWish(wish));
  }

  /** To read from. */
  get server(): ApiServer {
    return this.#access.server;
  }

  /** Of the API server. */
  get url(): string {
    return this.#access.url;
  }

  /** Begins to ask for the right to write. */
  start({ metrics, log }: Pick<PlaneSurroundings, 'metrics' | 'log'>): void {
    const { revision, systemNamespace } = this.wish;
    const { server } = this.#access;
    const identity = `${hostname()}_${crypto.randomUUID()}`;
    const leadership = openLeadership({ server, revision, systemNamespace, identity }, log);
    const isWriter = (): boolean => leadership.isWriter;
    const api = writableBy(leadership, server);
    const events = new EventRecorder({ api, clock: systemClock, isWriter, instance: identity });
    const around = { namespace: systemNamespace, revision, identity, isWriter, clock: steadyClock };
    this.#writing = {
      writership: leadership,
      server: api,
      events,
      replicas: new ReplicaWords({ server, ...around }),
      stopTelling: tellOfLeadership({ leadership, events, revision, systemNamespace, identity, metrics, log }),
    };
    createReflectorMetrics(metrics, () => this.#reflectors());
  }

  /** What the mesh is read by. */
  readBy(reflectors: () => readonly ReflectorSight[]): void {
    this.#ofMesh = reflectors;
  }

  /** For what follows the mesh: each object as it comes by. */
  readonly see: SeenListener = (kind, object, isGone) => {
    for (const listener of this.#seeing) listener(kind, object, isGone);
  };

  #reflectors(): readonly ReflectorSight[] {
    const lease = this.#writing?.writership.sight;
    return [
      ...this.#ofMesh(),
      ...this.#running.flatMap((part) => part.reflectors?.() ?? []),
      ...(this.#state?.reflectors() ?? []),
      ...(this.#leases?.reflectors() ?? []),
      ...(lease === undefined ? [] : [lease]),
    ];
  }

  /** What other replicas see. */
  get replicas(): Replicas {
    return this.#started.replicas;
  }

  /** Which replica is to be asked for what is written: a clause; undefined where it is this one. */
  writesElsewhere(): string | undefined {
    const { writership } = this.#started;
    if (writership.isWriter) return undefined;
    return writership.holder === ''
      ? 'no replica may write at present'
      : `ask the replica that writes: ${writership.holder}`;
  }

  /** What outlives the replicas. */
  state(): SharedState & HeldState {
    const { revision, systemNamespace: namespace } = this.wish;
    const { signal } = this.#stopping;
    const { writership, server } = this.#started;
    this.#state ??= new ClusterState({ writership, server, namespace, revision, signal });
    return this.#state;
  }

  /** Where leases of virtual IPs are. `waitMs`: how long the start waits for those that another replica is to write. */
  leasePlace(waitMs: number): ClusterLeases {
    const { signal } = this.#stopping;
    const { writership, server } = this.#started;
    this.#leases ??= new ClusterLeases({
      writership,
      server,
      revision: this.wish.revision,
      waitMs,
      signal,
      mayReuse: () => this.#holdsNothing(),
    });
    return this.#leases;
  }

  /** Whose tokens of service accounts are, as the API server says. */
  serviceAccounts(trustDomain: () => string): ServiceAccountTokens {
    const { server } = this.#access;
    const review = async (token: string, audience: string) => reviewToken(server, token, audience);
    return new ServiceAccountTokens({ trustDomain, clock: systemClock, review });
  }

  /** To be called once it serves: what is written follows from what all sources say. */
  startParts(surroundings: PlaneSurroundings): void {
    const { revision, systemNamespace, isWithoutIstio = false, hold = {} } = this.wish;
    const { writeRate, statusRate } = this.wish;
    const rates = {
      ...(writeRate === undefined ? {} : { writeRate }),
      ...(statusRate === undefined ? {} : { statusRate }),
    };
    const webhook = this.#webhook === undefined ? {} : { webhook: this.#webhook };
    const { writership, server, events, replicas } = this.#started;
    const given = {
      ...surroundings,
      writership,
      server,
      ...webhook,
      ...rates,
      revision,
      hold,
      isWithoutIstio,
      precedence: this.#follow(),
      replicas,
      events,
      systemNamespace,
      state: this.state(),
      onSeen: (listener: SeenListener) => {
        this.#seeing.add(listener);
        return () => this.#seeing.delete(listener);
      },
    };
    for (const start of parts) this.#running.push(start(given));
  }

  /** Whether it is known that no deletion is held. */
  #holdsNothing(): boolean {
    return this.writes?.status().kinds.every(({ held, state }) => held === undefined && state !== 'syncing') ?? false;
  }

  /** Undefined until it serves. */
  get writes(): ClusterWritingControl | undefined {
    return this.#running.find(({ writing }) => writing !== undefined)?.writing;
  }

  /** Which other control planes are there. */
  #follow(): RevisionPrecedence {
    const { revision, systemNamespace: namespace } = this.wish;
    const precedence = new RevisionPrecedence({ server: this.server, namespace, revision, clock: steadyClock });
    this.#running.push({ findings: () => [], close: async () => precedence.close() });
    return precedence;
  }

  findings(): readonly Finding[] {
    const { writership, events, replicas } = this.#writing ?? {};
    const own = [writership, events, replicas, this.#state].flatMap((part) => part?.findings() ?? []);
    return [...own, ...this.#running.flatMap((part) => part.findings())];
  }

  /** Ends what a start waits for. */
  stopWaiting(): void {
    this.#stopping.abort();
  }

  /** Whoever writes ends before the right to write is given up. */
  async close(): Promise<void> {
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) await part.close();
    await this.#leases?.close();
    await this.#writing?.replicas.close();
    await this.#state?.release();
    this.#writing?.stopTelling();
    await this.#writing?.events.close();
    await this.#writing?.writership.close();
    this.#writing = undefined;
    this.#access.server.close();
  }

  get #started(): Writing {
    if (this.#writing !== undefined) return this.#writing;
    throw new IsthmusError('INTERNAL', 'a part of a cluster was started too early');
  }
}
