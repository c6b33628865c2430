/** A stock Envoy before a server, with the filters that we make of access rules; strict about what is deprecated. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { AccessRule } from '../../src/model/access.ts';
import {
  httpAccess,
  httpAccessFilter,
  networkAccessFilter,
  permittedCallers,
} from '../../src/translate/envoy/access-control.ts';
import { httpConnections } from '../../src/translate/envoy/http-connections.ts';
import { everythingTo } from '../../src/translate/envoy/http-routes.ts';
import { tcpProxy } from '../../src/translate/envoy/tcp-proxies.ts';
import { identityMatchers } from '../../src/translate/envoy/tls-contexts.ts';
import { settings } from '../../src/translate/translation-fixture.ts';
import type { JsonValue } from '../../src/xds-api/json-value.ts';
import type { envoy } from '../../src/xds-api/messages.ts';
import { toJson } from '../../src/xds-api/proto-json.ts';
import { Authority, type Certificate } from './access-certificates.ts';
import { EnvoyAdmin } from './envoy-admin.ts';

/** What stands before the server on a port of the workload. */
export interface Gate {
  readonly rules: readonly AccessRule[];
  readonly port: number;
  /** server-first: the server greets whoever it is connected with. */
  readonly kind: 'http' | 'tcp' | 'server-first';
}

const READY_WITHIN_MS = 90_000;

export class AccessStage {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'isthmus-access-'));
  readonly authority = new Authority(this.folder, 'mesh');
  readonly strangers = new Authority(this.folder, 'strangers');
  /** The last request, as the server saw it: its first line and its headers, in Latin-1. */
  seen: readonly string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #ports = new Map<string, number>();
  #process: ChildProcess | undefined;

  async start(command: string, gates: readonly Gate[]): Promise<void> {
    const http = await this.#listen(createServer((socket) => this.#answer(socket)));
    const tcp = await this.#listen(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.pipe(socket);
      }),
    );
    const greeting = await this.#listen(
      createServer((socket) => {
        socket.on('error', () => {});
        socket.write('hello');
      }),
    );
    const distinct = new Map(gates.map((gate) => [keyOf(gate), gate]));
    const [admin = 0, ...ports] = await freePorts(1 + distinct.size);
    for (const [at, key] of [...distinct.keys()].entries()) this.#ports.set(key, ports[at] ?? 0);
    const own = this.authority.issue('server', { alternatives: ['URI:spiffe://cluster.local/ns/shop/sa/books'] });
    const listeners = [...distinct].map(([key, gate]) =>
      listener(this.#ports.get(key) ?? 0, gate, this.authority, own),
    );
    await this.#startEnvoy(command, {
      admin: { address: address(admin) },
      layered_runtime: {
        layers: [{ name: 'strict', static_layer: { 'envoy.features.fail_on_any_deprecated_feature': true } }],
      },
      static_resources: {
        listeners,
        clusters: [cluster('http', http), cluster('tcp', tcp), cluster('server-first', greeting)],
      },
    });
    const envoyAdmin = new EnvoyAdmin(admin);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await envoyAdmin.isReady())) {
      if (this.#process?.exitCode !== null || performance.now() > deadline)
        throw new Error(`Envoy is not ready. Its log:\n${this.log()}`);
      await sleep(20);
    }
  }

  /** Where a gate is entered. */
  portOf(gate: Gate): number {
    return this.#ports.get(keyOf(gate)) ?? 0;
  }

  log(): string {
    return readFileSync(path.join(this.folder, 'envoy.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.folder, { recursive: true });
  }

  /** Takes whatever comes for a request, so that nothing is refused but by the proxy. */
  #answer(socket: Socket): void {
    let head = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.seen = head.slice(0, end).split('\r\n');
      head = '';
      socket.write('HTTP/1.1 200 OK\r\nx-answered-by: server\r\ncontent-length: 0\r\n\r\n');
    });
  }

  async #listen(server: Server): Promise<number> {
    this.#servers.push(server);
    server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const bound = server.address();
    return typeof bound === 'object' ? (bound?.port ?? 0) : 0;
  }

  async #startEnvoy(command: string, bootstrap: object): Promise<void> {
    const file = path.join(this.folder, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(bootstrap));
    const output = openSync(path.join(this.folder, 'envoy.log'), 'w');
    const strict = ['--disable-hot-restart', '--concurrency', '1', '-l', 'warning'];
    this.#process = spawn(command, ['-c', file, ...strict], { stdio: ['ignore', output, output] });
    closeSync(output);
    await once(this.#process, 'spawn');
  }
}

function keyOf({ rules, port, kind }: Gate): string {
  return JSON.stringify([rules, port, kind]);
}

const address = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } });

function cluster(name: string, port: number): object {
  const assignment = { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }] };
  return { name, type: 'STATIC', load_assignment: assignment };
}

function listener(listening: number, gate: Gate, authority: Authority, own: Certificate): object {
  const filters = filtersOf(gate).map((filter) => toJson('envoy.config.listener.v3.Filter', filter));
  const context = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    require_client_certificate: true,
    common_tls_context: {
      alpn_protocols: ['h2', 'http/1.1'],
      tls_certificates: [{ certificate_chain: { inline_string: own.cert }, private_key: { inline_string: own.key } }],
      validation_context: {
        trusted_ca: { inline_string: authority.root },
        ...(gate.kind === 'server-first' ? namesOf(gate) : {}),
      },
    },
  };
  return {
    name: `l${listening}`,
    address: address(listening),
    filter_chains: [{ filters, transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context } }],
  };
}

/** Of those to whom the handshake is open. */
function namesOf({ rules, port }: Gate): object {
  const callers = permittedCallers(rules, port);
  if (callers === 'any') return {};
  const matchTypedSubjectAltNames = identityMatchers(callers);
  const context = { matchTypedSubjectAltNames };
  return { ...jsonObject(toJson('envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext', context)) };
}

function jsonObject(value: JsonValue): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function filtersOf({ rules, port, kind }: Gate): readonly envoy.config.listener.v3.Filter[] {
  if (kind !== 'http') return [networkAccessFilter(rules, port), tcpProxy(kind, kind, settings)];
  return [
    httpConnections({
      statPrefix: 'http',
      routes: { routeConfig: everythingTo('http', 'http', httpAccess(rules, port)) },
      filters: [httpAccessFilter],
      settings,
      direction: 'inbound',
    }),
  ];
}
