/** Delta xDS: only what changes crosses the wire, and a new stream begins with the versions that are already here. */
import type { Message } from '../../xds-api/messages.ts';
import type { NodeMessage } from '../config/bootstrap.ts';
import { bodyOf, type ResourceChange, type ResourceKind, typeUrls } from '../config/resources.ts';
import type { Configuration } from './configuration.ts';
import type { Dialect } from './session.ts';

export type DeltaRequest = Message<'envoy.service.discovery.v3.DeltaDiscoveryRequest'>;
export type DeltaResponse = Message<'envoy.service.discovery.v3.DeltaDiscoveryResponse'>;

/** google.rpc.Code INVALID_ARGUMENT. */
export const INVALID_ARGUMENT = 3;

export class DeltaDialect implements Dialect<DeltaResponse> {
  readonly #configuration: Configuration;
  readonly #send: (request: DeltaRequest) => void;
  /** Sent with the first request alone. */
  #node: NodeMessage | undefined;
  readonly #wanted = new Map<ResourceKind, ReadonlySet<string>>();
  readonly #begun = new Set<ResourceKind>();

  constructor(configuration: Configuration, node: NodeMessage, send: (request: DeltaRequest) => void) {
    this.#configuration = configuration;
    this.#node = node;
    this.#send = send;
  }

  typeUrl(response: DeltaResponse): string {
    return response.typeUrl ?? '';
  }

  subscribe(kind: ResourceKind, names: readonly string[] | 'all'): void {
    const { ledger } = this.#configuration;
    const before = this.#wanted.get(kind) ?? new Set();
    const wanted = new Set(names === 'all' ? ['*'] : names);
    const gone = [...before].filter((name) => !wanted.has(name));
    const first = !this.#begun.has(kind);
    this.#wanted.set(kind, wanted);
    this.#begun.add(kind);
    this.#request(kind, {
      resourceNamesSubscribe: [...wanted].filter((name) => !before.has(name)),
      resourceNamesUnsubscribe: gone,
      ...(first ? { initialResourceVersions: this.#known(kind, wanted) } : {}),
    });
    for (const name of gone) ledger.forget(kind, name);
  }

  async respond(kind: ResourceKind, response: DeltaResponse): Promise<string | undefined> {
    const changes: ResourceChange[] = [
      ...(response.removedResources ?? []).map((name) => ({ kind, name, version: '', body: undefined })),
      ...(response.resources ?? []).map(({ name, version, resource }) => ({
        kind,
        name: name ?? '',
        version: version ?? '',
        body: resource == null ? new Uint8Array() : bodyOf(resource),
      })),
    ];
    const refusal = await this.#configuration.apply(changes);
    this.#request(kind, {
      responseNonce: response.nonce,
      ...(refusal === undefined ? {} : { errorDetail: { code: INVALID_ARGUMENT, message: refusal } }),
    });
    return refusal;
  }

  ignore(response: DeltaResponse): void {
    const message = `resources of type ${response.typeUrl} were not asked for`;
    this.#write({
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      errorDetail: { code: INVALID_ARGUMENT, message },
    });
  }

  #known(kind: ResourceKind, wanted: ReadonlySet<string>): Record<string, string> {
    const versions = Object.entries(this.#configuration.ledger.versions(kind));
    return Object.fromEntries(wanted.has('*') ? versions : versions.filter(([name]) => wanted.has(name)));
  }

  #request(kind: ResourceKind, request: DeltaRequest): void {
    this.#write({ typeUrl: typeUrls[kind], ...request });
  }

  #write(request: DeltaRequest): void {
    this.#send(this.#node === undefined ? request : { node: this.#node, ...request });
    this.#node = undefined;
  }
}
