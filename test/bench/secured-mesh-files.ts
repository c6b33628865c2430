/**
 * Manifests of a mesh whose access is enforced, for benches: services that each stand behind an account of their own, and may
 * each be called by the accounts of the next few services.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface SecuredShape {
  readonly services: number;
  /** Workloads of each service, at each of which a proxy stands. */
  readonly workloads: number;
  /** How many services may call each. */
  readonly callers: number;
  /** Services that one file holds, all in one namespace of their own. */
  readonly perFile: number;
}

export interface WorkloadPlace {
  readonly address: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Of service number `service`; `workload` counts its endpoints. */
export function workloadPlace(shape: SecuredShape, service: number, workload: number): WorkloadPlace {
  const at = service * shape.workloads + workload;
  const address = `10.${(at >> 16) & 127}.${(at >> 8) & 255}.${at & 255}`;
  return { address, namespace: namespaceOf(shape, service), serviceAccount: `account-${service}` };
}

/** Writes all files into a folder, which is made. */
export async function writeSecuredMesh(folder: string, shape: SecuredShape): Promise<void> {
  await mkdir(folder, { recursive: true });
  const settings = { mode: 'Enforced' };
  await writeFile(
    path.join(folder, 'mesh.yaml'),
    yaml(object('isthmus.dev/v1alpha1/MeshConfig', '', 'mesh', { access: settings })),
  );
  for (let first = 0; first < shape.services; first += shape.perFile)
    await writeFile(fileOf(folder, shape, first), textOf(shape, first, 1));
}

/** Gives a service that is the first of its file another address behind it, at one blow. */
export async function changeEndpoint(
  folder: string,
  shape: SecuredShape,
  service: number,
  lastByte: number,
): Promise<void> {
  const file = fileOf(folder, shape, service);
  const temporary = `${folder}.new`;
  await writeFile(temporary, textOf(shape, service, lastByte));
  await rename(temporary, file);
}

function namespaceOf({ perFile }: SecuredShape, service: number): string {
  return `ns-${Math.floor(service / perFile)}`;
}

function fileOf(folder: string, shape: SecuredShape, service: number): string {
  return path.join(folder, `${namespaceOf(shape, service)}.yaml`);
}

function textOf(shape: SecuredShape, first: number, lastByte: number): string {
  const namespace = namespaceOf(shape, first);
  const read = { name: 'read', pathRegex: '/books', methods: ['GET'] };
  const group = object('specs.smi-spec.io/v1alpha4/HTTPRouteGroup', namespace, 'books', { matches: [read] });
  const last = Math.min(first + shape.perFile, shape.services);
  const objects = Array.from({ length: last - first }, (_, at) => [
    serviceEntry(shape, first + at, at === 0 ? lastByte : 1),
    trafficTarget(shape, first + at),
  ]);
  return [group, ...objects.flat()].map(yaml).join('');
}

function serviceEntry(shape: SecuredShape, service: number, lastByte: number): object {
  const workloads = Array.from({ length: shape.workloads }, (_, at) => workloadPlace(shape, service, at));
  const serviceAccount = `account-${service}`;
  return object('networking.istio.io/v1/ServiceEntry', namespaceOf(shape, service), `service-${service}`, {
    hosts: [`service-${service}.mesh`],
    addresses: [`10.${128 + ((service >> 16) & 127)}.${(service >> 8) & 255}.${service & 255}`],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8080 }],
    endpoints: [
      ...workloads.map(({ address }) => ({ address, serviceAccount })),
      { address: `192.168.0.${lastByte}`, serviceAccount },
    ],
  });
}

function trafficTarget(shape: SecuredShape, service: number): object {
  const account = (of: number): object => ({
    kind: 'ServiceAccount',
    name: `account-${of}`,
    namespace: namespaceOf(shape, of),
  });
  return object('access.smi-spec.io/v1alpha3/TrafficTarget', namespaceOf(shape, service), `service-${service}`, {
    destination: account(service),
    rules: [{ kind: 'HTTPRouteGroup', name: 'books' }],
    sources: Array.from({ length: shape.callers }, (_, next) => account((service + next + 1) % shape.services)),
  });
}

/** `kind`: `<group>/<version>/<kind>`. */
function object(kind: string, namespace: string, name: string, spec: object): object {
  const [group = '', version = '', own = ''] = kind.split('/');
  const metadata = namespace === '' ? { name } : { name, namespace };
  return { apiVersion: `${group}/${version}`, kind: own, metadata, spec };
}

/** JSON is YAML. */
function yaml(document: object): string {
  return `${JSON.stringify(document)}\n---\n`;
}
