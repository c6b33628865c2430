/** One JSON value in a Secret, shared by all replicas and written by one: whoever writes must have seen what is there. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { secrets } from '../../../kubernetes-api/built-in-collections.ts';

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface VersionedValue {
  readonly value: unknown;
  readonly version: string;
}

const key = 'value.json';
const ownType = 'isthmus.dev/state';

export class SecretValue {
  readonly #server: ApiServer;
  readonly #place: SecretPlace;
  /** Somebody may have made it anew with another; that of a Secret never changes. */
  #type = ownType;

  constructor(server: ApiServer, place: SecretPlace) {
    this.#server = server;
    this.#place = place;
  }

  /** Undefined where there is no such Secret. Rejects with ApiFailure; what is no JSON is an undefined value. */
  async read(): Promise<VersionedValue | undefined> {
    try {
      const secret = await this.#server.get(objectPath(secrets, this.#place));
      const { type } = fieldsOf(secret);
      this.#type = typeof type === 'string' ? type : ownType;
      return versioned(secret);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isAbsent)) throw error;
      this.#type = ownType;
      return undefined;
    }
  }

  /** In the place of the version that was read; undefined: of none. Rejects with ApiFailure, with 409 where there is another. */
  async write(value: unknown, version: string | undefined): Promise<VersionedValue | undefined> {
    const { namespace, name, labels } = this.#place;
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, labels, ...(version === undefined ? {} : { resourceVersion: version }) },
      type: this.#type,
      data: { [key]: Buffer.from(JSON.stringify(value)).toString('base64') },
    };
    return versioned(
      await (version === undefined
        ? this.#server.send({ method: 'POST', path: collectionPath(secrets, namespace), body })
        : this.#server.send({ method: 'PUT', path: objectPath(secrets, this.#place), body })),
    );
  }
}

function versioned(secret: unknown): VersionedValue | undefined {
  const { metadata, data } = fieldsOf(secret);
  const { resourceVersion } = fieldsOf(metadata);
  const { [key]: encoded } = fieldsOf(data);
  if (typeof resourceVersion !== 'string') return undefined;
  return { version: resourceVersion, value: typeof encoded === 'string' ? parsed(encoded) : undefined };
}

function parsed(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
