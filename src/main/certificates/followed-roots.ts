/**
 * The roots of the mesh, followed over a stream of their own beside a proxy that has them in files: a new root has to be there
 * before the control plane shows a certificate of it, and the control plane has to know that it is.
 *
 *   stream --roots--> taken(roots): written --> acknowledged      ended --> a pause that grows and jitters --> another stream
 *                                '-- not: refused, with the reason
 */
import { hostname } from 'node:os';
import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import type { Clock } from '../../model/clock.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { Identity } from '../../model/identity.ts';
import { planSecret } from '../../proxy/config/secret-plan.ts';
import { nodeMessage } from '../../proxy/xds-client/node-message.ts';
import { decode, encode, type Message } from '../../xds-api/messages.ts';
import { type ControlPlaneServer, controlPlaneChannel, type OwnProof } from '../control-plane-channel.ts';

export interface RootsFollowingOptions {
  /** Read anew for each stream: files change. */
  readonly connect: () => Promise<{
    readonly server: ControlPlaneServer;
    readonly own: OwnProof;
    readonly identity: Identity;
  }>;
  /** PEM, one behind the other. What it rejects with is told to the control plane. */
  readonly taken: (roots: string) => Promise<void>;
  /** Once for each stream that ended. */
  readonly ended: (reason: string) => void;
  readonly clock: Clock;
  readonly random?: () => number;
}

type Request = Message<'envoy.service.discovery.v3.DiscoveryRequest'>;
type Response = Message<'envoy.service.discovery.v3.DiscoveryResponse'>;

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const secretType = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
const rootsName = 'ROOTCA';
const firstPauseMs = 500;
const longestPauseMs = 30_000;
const keepalive = { 'grpc.keepalive_time_ms': 30_000, 'grpc.keepalive_timeout_ms': 10_000, 'grpc.enable_retries': 0 };

/** How ids of nodes begin that follow the roots for a sidecar, and are none themselves. */
export const rootsFollower = 'certificates~';

export class RootsFollowing {
  readonly #options: RootsFollowingOptions;
  #cancel: () => void = () => {};
  #failures = 0;
  #isClosed = false;

  constructor(options: RootsFollowingOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#follow();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  async #follow(): Promise<void> {
    const { clock, ended, random = Math.random } = this.#options;
    const reason = await this.#stream().then(
      () => 'the control plane ended it',
      (error: unknown) => messageOf(error),
    );
    if (this.#isClosed) return;
    ended(reason);
    const pause = Math.min(firstPauseMs * 2 ** Math.min(this.#failures++, 10), longestPauseMs);
    this.#cancel = clock.after(pause * (0.5 + random() / 2), () => void this.#follow());
  }

  /** Resolves or rejects when the stream has ended. */
  async #stream(): Promise<void> {
    const { server, own, identity } = await this.#options.connect();
    if (this.#isClosed) return;
    const { credentials, options } = controlPlaneChannel(server, own);
    const client = new Client(server.address, credentials, { ...options, ...keepalive });
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs);
    this.#cancel = () => call.cancel();
    try {
      await this.#exchange(call, identity);
    } finally {
      client.close();
    }
  }

  #exchange(call: ClientDuplexStream<Buffer, Buffer>, identity: Identity): Promise<void> {
    const { namespace, serviceAccount, trustDomain } = identity;
    const send = (more: Request): void => {
      const request = { typeUrl: secretType, resourceNames: [rootsName], ...more };
      call.write(Buffer.from(encode('envoy.service.discovery.v3.DiscoveryRequest', request)));
    };
    const id = `${rootsFollower}${serviceAccount}.${namespace}~${hostname()}-${process.pid}`;
    // Of the kind of those that read the files: nothing else is translated for it.
    const node = { ...nodeMessage({ id, namespace, serviceAccount }), userAgentName: 'envoy' };
    send({ node });
    let last = Promise.resolve();
    return new Promise((resolve, reject) => {
      call.on('data', (bytes: Buffer) => {
        last = last.then(() => this.#answer(bytes, trustDomain, send));
      });
      call.once('error', reject);
      call.once('end', resolve);
    });
  }

  async #answer(bytes: Buffer, trustDomain: string, send: (more: Request) => void): Promise<void> {
    const { versionInfo = '', nonce = '', resources } = decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
    try {
      const roots = rootsIn(resources, trustDomain);
      if (roots !== undefined) await this.#options.taken(roots);
      this.#failures = 0;
      send({ versionInfo, responseNonce: nonce });
    } catch (error) {
      send({ responseNonce: nonce, errorDetail: { code: 13, message: messageOf(error) } });
    }
  }
}

/** Those of our own trust domain; undefined where there are none yet. Throws BAD_DATA for what are none. */
function rootsIn(resources: Response['resources'], trustDomain: string): string | undefined {
  for (const { value = new Uint8Array() } of resources ?? []) {
    const secret = decode('envoy.extensions.transport_sockets.tls.v3.Secret', value);
    if (secret.name !== rootsName) continue;
    const planned = planSecret(secret);
    if (planned.kind === 'roots') {
      const { trusted } = planned;
      const roots = trusted.kind === 'own' ? trusted.roots : (trusted.roots.get(trustDomain) ?? []);
      if (roots.length > 0) return roots.join('');
    }
    throw new IsthmusError('BAD_DATA', 'what is called ROOTCA holds no roots');
  }
  return undefined;
}
