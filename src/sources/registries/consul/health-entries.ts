/** What Consul answers of the health of a service, read without belief in its shape. */

type Members = Readonly<Record<string, unknown>>;

export interface HealthCheck {
  readonly id: string;
  readonly status: string;
}

export interface HealthEntry {
  readonly node: string;
  readonly nodeAddress: string;
  /** Index of its last change. */
  readonly nodeIndex: number;
  readonly nodeMeta: Readonly<Record<string, string>>;
  readonly datacenter: string;
  readonly id: string;
  /** Empty for a service proper. */
  readonly kind: string;
  readonly address: string;
  readonly port: number;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly region: string;
  readonly zone: string;
  /** Of the instance and of its node. */
  readonly checks: readonly HealthCheck[];
}

/** Without those that cannot be read. Undefined for what is no list of entries, or where none of them can be read. */
export function readHealthEntries(value: unknown): readonly HealthEntry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.flatMap((one: unknown) => readEntry(one) ?? []);
  return entries.length > 0 || value.length === 0 ? entries : undefined;
}

function readEntry(value: unknown): HealthEntry | undefined {
  const { Node, Service, Checks } = membersOf(value);
  const node = membersOf(Node);
  const service = membersOf(Service);
  if (typeof node.Node !== 'string' || typeof service.ID !== 'string') return undefined;
  const [locality, nodeLocality] = [membersOf(service.Locality), membersOf(node.Locality)];
  const weights = membersOf(service.Weights);
  return {
    node: node.Node,
    nodeAddress: text(node.Address),
    nodeIndex: typeof node.ModifyIndex === 'number' ? node.ModifyIndex : 0,
    nodeMeta: texts(node.Meta),
    datacenter: text(node.Datacenter),
    id: service.ID,
    kind: text(service.Kind),
    address: text(service.Address),
    port: typeof service.Port === 'number' ? service.Port : 0,
    weights: { passing: weight(weights.Passing), warning: weight(weights.Warning) },
    tags: list(service.Tags).filter((tag) => typeof tag === 'string'),
    meta: texts(service.Meta),
    region: text(locality.Region) || text(nodeLocality.Region),
    zone: text(locality.Zone) || text(nodeLocality.Zone),
    checks: list(Checks).map((check) => {
      const { CheckID, Status } = membersOf(check);
      return { id: text(CheckID), status: text(Status) };
    }),
  };
}

/** Undefined for what is no JSON. */
export function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

/** Nothing for what is no object. */
export function membersOf(value: unknown): Members {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(membersOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Consul's own default where there is none. */
function weight(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 1;
}
