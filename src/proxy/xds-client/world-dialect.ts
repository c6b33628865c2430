/**
 * State-of-the-world xDS: each response holds all resources of its kind. What is equal to what is already here is not
 * applied again; a listener or cluster that is no longer there has gone, others are left as they are.
 */
import { createHash } from 'node:crypto';
import { decode, type Message } from '../../xds-api/messages.ts';
import type { NodeMessage } from '../config/bootstrap.ts';
import { bodyOf, type ResourceChange, type ResourceKind, resourceMessages, typeUrls } from '../config/resources.ts';
import type { Configuration } from './configuration.ts';
import { INVALID_ARGUMENT } from './delta-dialect.ts';
import type { Dialect } from './session.ts';

export type WorldRequest = Message<'envoy.service.discovery.v3.DiscoveryRequest'>;
export type WorldResponse = Message<'envoy.service.discovery.v3.DiscoveryResponse'>;

interface Standing {
  readonly names: readonly string[];
  /** Of the last response that was taken as a whole. */
  version: string;
  nonce: string;
}

export class WorldDialect implements Dialect<WorldResponse> {
  readonly #configuration: Configuration;
  readonly #node: NodeMessage;
  readonly #send: (request: WorldRequest) => void;
  readonly #standing = new Map<ResourceKind, Standing>();

  constructor(configuration: Configuration, node: NodeMessage, send: (request: WorldRequest) => void) {
    this.#configuration = configuration;
    this.#node = node;
    this.#send = send;
  }

  typeUrl(response: WorldResponse): string {
    return response.typeUrl ?? '';
  }

  subscribe(kind: ResourceKind, names: readonly string[] | 'all'): void {
    const before = this.#standing.get(kind);
    const wanted = names === 'all' ? [] : names;
    this.#standing.set(kind, { names: wanted, version: before?.version ?? '', nonce: before?.nonce ?? '' });
    for (const name of before?.names ?? []) if (!wanted.includes(name)) this.#configuration.ledger.forget(kind, name);
    this.#request(kind, undefined);
  }

  async respond(kind: ResourceKind, response: WorldResponse): Promise<string | undefined> {
    const standing = this.#standing.get(kind);
    if (standing === undefined) {
      this.ignore(response);
      return undefined;
    }
    standing.nonce = response.nonce ?? '';
    const refusal = await this.#configuration.apply(this.#changes(kind, response));
    if (refusal === undefined) standing.version = response.versionInfo ?? '';
    this.#request(kind, refusal);
    return refusal;
  }

  ignore(response: WorldResponse): void {
    const message = `resources of type ${response.typeUrl} were not asked for`;
    this.#send({
      node: this.#node,
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      errorDetail: { code: INVALID_ARGUMENT, message },
    });
  }

  #changes(kind: ResourceKind, response: WorldResponse): readonly ResourceChange[] {
    const versions = this.#configuration.ledger.versions(kind);
    const present = new Set<string>();
    const changes: ResourceChange[] = [];
    for (const any of response.resources ?? []) {
      const body = bodyOf(any);
      const name = nameOf(kind, body);
      const version = createHash('sha256').update(body).digest('hex').slice(0, 16);
      present.add(name);
      if (versions[name] !== version) changes.push({ kind, name, version, body });
    }
    const whole = kind === 'cluster' || kind === 'listener';
    const gone = whole ? Object.keys(versions).filter((name) => !present.has(name)) : [];
    return [...gone.map((name) => ({ kind, name, version: '', body: undefined })), ...changes];
  }

  #request(kind: ResourceKind, refusal: string | undefined): void {
    const standing = this.#standing.get(kind);
    if (standing === undefined) return;
    this.#send({
      node: this.#node,
      typeUrl: typeUrls[kind],
      resourceNames: [...standing.names],
      versionInfo: standing.version,
      responseNonce: standing.nonce,
      ...(refusal === undefined ? {} : { errorDetail: { code: INVALID_ARGUMENT, message: refusal } }),
    });
  }
}

/** Empty for bytes that do not decode: applying them says what is wrong with them. */
function nameOf(kind: ResourceKind, body: Uint8Array): string {
  try {
    const message: { name?: string | undefined; clusterName?: string | undefined } = decode(
      resourceMessages[kind],
      body,
    );
    return (kind === 'endpoints' ? message.clusterName : message.name) ?? '';
  } catch {
    return '';
  }
}
