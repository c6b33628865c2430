/** What runs in a cluster beside the pipeline, and what it is given. */
import type { Registry } from 'prom-client';
import type { DeletionHold, IstioXdsWish } from '../../cli/actions.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import type { EventRecorder } from '../../delivery/kubernetes/events/event-recorder.ts';
import type { Replicas } from '../../delivery/kubernetes/replicas/replica-words.ts';
import type { Precedence } from '../../delivery/kubernetes/replicas/revision-precedence.ts';
import type { Writership } from '../../delivery/kubernetes/replicas/writership.ts';
import type { XdsServer } from '../../delivery/xds/server.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import type { ClusterWritingControl } from '../../model/cluster-writing.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReflectorSight } from '../../model/reflector-sight.ts';
import type { RegistryStatus } from '../../model/registry.ts';
import type { Logger } from '../../operations/log.ts';
import type { InjectionSettings } from '../../translate/injection/injection-settings.ts';
import type { Pipeline } from '../pipeline.ts';

export interface ClusterPart {
  /** Of the part that writes what is wanted. */
  readonly writing?: ClusterWritingControl;
  findings(): readonly Finding[];
  /** What it follows at the API server. */
  reflectors?(): readonly ReflectorSight[];
  close(): Promise<void> | void;
}

export interface WebhookWish {
  /** `host:port`. */
  readonly at: string;
  readonly injection: InjectionSettings;
}

/** `isGone`: it was deleted, and is told of as it was last. */
export type SeenListener = (kind: string, object: unknown, isGone: boolean) => void;

/** What a part is given from the control plane that it is a part of. */
export interface PlaneSurroundings {
  readonly pipeline: Pipeline;
  /**
   * Whether the cluster was read, as far as it may be. Registries have had their time before any part starts: neither one that is
   * away nor a right that is missing holds anything else up.
   */
  readonly isKnown: () => boolean;
  /** Whether every source was seen whole and is seen now: only then may anything be taken for gone. */
  readonly isComplete: () => boolean;
  /** Those of the parts of the control plane: neither of sources of resources nor of derivations. */
  readonly partFindings: () => readonly Finding[];
  readonly registries: () => readonly RegistryStatus[];
  readonly xds: Pick<XdsServer, 'streams' | 'hasProxies' | 'refusals' | 'laggards'>;
  /** Of the mesh, PEM; undefined while no authority is opened. */
  readonly roots: () => readonly string[] | undefined;
  /** For other replicas: who trusts them here; undefined for nothing to tell. */
  readonly trust: () => unknown;
  /** Where sidecars of istiod are served over TLS; absent: nowhere. */
  readonly istioXds?: Pick<IstioXdsWish, 'address' | 'service'>;
  readonly metrics: Registry;
  readonly log: Logger;
}

/** What parts are given: that, and what is of the cluster. */
export interface ClusterSurroundings extends PlaneSurroundings {
  /** Reads for everybody; what is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly writership: Writership;
  readonly revision: string;
  /** Who of several control planes speaks for what all of them heed. */
  readonly precedence: Precedence;
  /** What other replicas of this control plane see, and what they are told. */
  readonly replicas: Replicas;
  /** For what a person must know who looks at an object. */
  readonly events: Pick<EventRecorder, 'record'>;
  readonly systemNamespace: string;
  /** What outlives the replicas. */
  readonly state: Pick<StateFolder, 'read' | 'replace'>;
  /** Objects of Istio's kinds are neither read nor written. */
  readonly isWithoutIstio: boolean;
  /** Objects in a second that are written at most; what suits a cluster of other people when absent. */
  readonly writeRate?: number;
  /** Statuses of objects in a second, likewise. */
  readonly statusRate?: number;
  /** How much may be deleted at once before it is held. */
  readonly hold?: DeletionHold;
  /** Tells of every object of the mesh as it comes by, under the kind that its key begins with; gives what ends that. */
  readonly onSeen: (listener: SeenListener) => () => void;
  /** Where webhooks are served; absent: nowhere. */
  readonly webhook?: WebhookWish;
}
