/** A stock Envoy that takes all it does from our control plane, strict about what is deprecated and what it does not know. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import type { InteropMesh } from './interop-mesh.ts';

export type Variant = 'GRPC' | 'DELTA_GRPC';

export interface EnvoyProcess {
  readonly node: string;
  /** Warnings and worse, but for the one about its own bootstrap. */
  log(): string;
  readonly admin: EnvoyAdmin;
  stop(): Promise<void>;
}

/** Who an Envoy stands beside: what its node states. */
export interface Workload {
  readonly address: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Where it says that it is. */
  readonly locality?: { readonly region: string; readonly zone: string };
}

const READY_WITHIN_MS = 90_000;

interface Identified {
  readonly id: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly locality?: Workload['locality'];
}

function bootstrap(node: Identified, variant: Variant, xdsPort: number, adminPort: number): object {
  const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });
  const options = {
    '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    explicit_http_config: { http2_protocol_options: {} },
  };
  const fromAds = { ads: {}, resource_api_version: 'V3' };
  return {
    node: { ...node, cluster: 'interop' },
    admin: { address: address(adminPort) },
    layered_runtime: {
      layers: [{ name: 'strict', static_layer: { 'envoy.features.fail_on_any_deprecated_feature': true } }],
    },
    dynamic_resources: {
      ads_config: {
        api_type: variant,
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'control-plane' } }],
      },
      cds_config: fromAds,
      lds_config: fromAds,
    },
    static_resources: {
      clusters: [
        {
          name: 'control-plane',
          type: 'STATIC',
          typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
          load_assignment: {
            cluster_name: 'control-plane',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(xdsPort) } }] }],
          },
        },
      ],
    },
  };
}

/** Said of any bootstrap without an overload manager; it is none of ours. */
const UNLIMITED = 'There is no configured limit to the number of allowed active downstream connections';

/** Resolves once its listeners stand. Without a workload it only calls. */
export async function startEnvoy(
  command: string,
  mesh: InteropMesh,
  variant: Variant,
  workload?: Workload,
): Promise<EnvoyProcess> {
  const [adminPort = 0] = await freePorts(1);
  const { address, namespace, serviceAccount } = workload ?? { address: '127.0.0.99', namespace: 'desk' };
  const name = serviceAccount ?? `envoy-${variant.toLowerCase().replace('_', '-')}`;
  const node = `sidecar~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const metadata = serviceAccount === undefined ? {} : { metadata: { SERVICE_ACCOUNT: serviceAccount } };
  const file = path.join(mesh.folder, `${name}.json`);
  const log = path.join(mesh.folder, `${name}.log`);
  const xdsPort = Number(mesh.xds.split(':')[1]);
  writeFileSync(
    file,
    JSON.stringify(bootstrap({ id: node, ...metadata, ...placeOf(workload) }, variant, xdsPort, adminPort)),
  );
  const output = openSync(log, 'w');
  const strict = ['--disable-hot-restart', '--reject-unknown-dynamic-fields', '-l', 'warning'];
  const child = spawn(command, ['-c', file, '--concurrency', '1', ...strict], { stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = once(child, 'exit');
  mesh.cleanup.own(
    () => child,
    async () => {
      child.kill('SIGKILL');
      await ended;
    },
  );
  const admin = new EnvoyAdmin(adminPort);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await admin.isReady())) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`Envoy is not ready. Its log:\n${readFileSync(log, 'utf8')}`);
    await sleep(20);
  }
  return {
    node,
    log: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => !line.includes(UNLIMITED))
        .join('\n'),
    admin,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function placeOf(workload: Workload | undefined): Pick<Identified, 'locality'> {
  return workload?.locality === undefined ? {} : { locality: workload.locality };
}
