/**
 * Credentials of a registry that stand in a Secret: the built program as the service account of the chart, and an agent of
 * Consul that answers nobody without the right token.
 */
import { once } from 'node:events';
import http from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderInstallation } from '../../../src/cluster-commands/install/install.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { freePorts, type RunningIsthmus, startIsthmus } from '../../e2e/isthmus-process.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster, systemNamespace } from './running-replicas.ts';

/** Answers as an agent that has one service, and holds who waits for another index. */
class GuardedAgent {
  token = 'token-of-monday';
  /** Tokens that somebody showed. */
  readonly shown = new Set<string>();
  readonly #server = http.createServer((request, response) => this.#take(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  /** From now on it takes another token; who is connected connects anew. */
  rotate(token: string): void {
    this.token = token;
    this.#server.closeAllConnections();
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://agent');
    const token = String(request.headers['x-consul-token'] ?? '');
    this.shown.add(token);
    // As some servers do, it repeats what it was told.
    if (token !== this.token) response.writeHead(403).end(`token ${token} lacks permission`);
    else if (Number(searchParams.get('index') ?? 0) < 5) {
      response.writeHead(200, { 'x-consul-index': '5', 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' });
      response.end(JSON.stringify(answerTo(pathname)));
    }
  }
}

function answerTo(path: string): unknown {
  if (path === '/v1/status/leader') return '10.0.0.1:8300';
  if (path === '/v1/catalog/services') return { orders: [] };
  if (!path.startsWith('/v1/health/service/')) return [];
  const node = { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1' };
  return [{ Node: node, Service: { ID: 'orders', Service: 'orders', Port: 80 }, Checks: [] }];
}

const agent = new GuardedAgent();
const right = { namespace: 'shop', name: 'consul' };
let kubernetes: KubernetesServer;
let plane: RunningIsthmus;

beforeAll(async () => {
  const address = await agent.start();
  kubernetes = await startCluster();
  await install([]);
  await keep(agent.token);
  await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: consul }
spec:
  type: Consul
  addresses: ['${address}']
  credentials: { secretRef: { namespace: shop, name: consul } }
`);
});
afterAll(async () => {
  agent.stop();
  await kubernetes?.stop();
});

/** The rights of the chart. */
async function install(secrets: readonly (typeof right)[]): Promise<void> {
  const values = [{ rbac: { secrets } }];
  const roles = renderInstallation({ release: 'isthmus', namespace: systemNamespace, values }).filter(({ kind }) =>
    /Role/.test(String(kind)),
  );
  await kubernetes.apply(roles.map((one) => JSON.stringify(one)).join('\n---\n'));
}

async function keep(token: string): Promise<void> {
  await kubernetes.apply(
    `{apiVersion: v1, kind: Secret, metadata: {namespace: shop, name: consul}, stringData: {token: ${token}}}`,
  );
}

async function viewAt(path: string): Promise<readonly unknown[]> {
  const view: unknown = await (await fetch(`http://${plane.admin}/api/v1/${path}`)).json();
  return Array.isArray(view) ? view : [];
}

async function seen(): Promise<readonly unknown[]> {
  const [status] = await viewAt('registries');
  return [fieldOf(status, 'state'), fieldOf(status, 'instances')];
}

async function remedies(): Promise<readonly string[]> {
  const findings = await viewAt('findings');
  return findings.filter((one) => textOf(one, 'code') === 'ISTH1003').map((one) => textOf(one, 'remedy') ?? '');
}

const connected = 'jsonpath={.status.conditions[?(@.type=="Connected")].message}';
const said = async (): Promise<string> =>
  (await kubernetes.kubectl(['get', 'serviceregistry', 'consul', '-o', connected])).stdout;

const missingRight = [
  expect.stringContaining("Add { namespace: shop, name: consul } to the chart's value rbac.secrets"),
];

test('credentials of a registry stand in a Secret: by the right to get it, rotated, and lost without losing anything else', async () => {
  const wait = ['--registry-wait', '1'];
  plane = await startIsthmus(['--kubernetes', '--kubeconfig', kubernetes.kubeconfig('isthmus'), ...freePorts, ...wait]);

  // Without the right nobody is asked as a stranger.
  await expect.poll(remedies).toEqual(missingRight);
  await expect.poll(said).toMatch(/^ISTH1003: Secret shop\/consul cannot be read: secrets "consul" is forbidden/);
  expect(agent.shown.size).toBe(0);

  await install([right]);
  await expect.poll(seen).toEqual(['live', 1]);
  await expect.poll(said).toBe('It answers.');
  expect([...agent.shown]).toEqual(['token-of-monday']);

  // A new token is shown as soon as the Secret has it; until then all stays in force.
  agent.rotate('token-of-tuesday');
  await expect.poll(seen).toEqual(['stale', 1]);
  await keep('token-of-tuesday');
  await expect.poll(seen).toEqual(['live', 1]);
  expect([...agent.shown]).toEqual(['token-of-monday', 'token-of-tuesday']);

  // A right that is taken away.
  await kubernetes.kubectl(['delete', 'rolebinding', '-n', 'shop', 'isthmus-secret-consul']);
  await expect.poll(mayGet).toBe('no');
  agent.rotate('token-of-wednesday');
  await expect.poll(remedies).toEqual(missingRight);
  expect(await seen()).toEqual(['stale', 1]);

  // A Secret that is gone.
  await kubernetes.kubectl(['delete', 'secret', '-n', 'shop', 'consul']);
  await install([right]);
  await expect.poll(remedies).toEqual([expect.stringContaining('Create Secret shop/consul')]);
  await keep('token-of-wednesday');
  await expect.poll(seen).toEqual(['live', 1]);

  const kinds = 'serviceregistries,serviceentries,configmaps,events';
  const objects = await kubernetes.kubectl(['get', kinds, '-A', '-o', 'yaml']);
  expect(objects.code).toBe(0);
  const told = [plane.log(), objects.stdout, JSON.stringify([await viewAt('registries'), await viewAt('findings')])];
  expect(told.map((text) => /token-of-\w+day/.exec(text)?.[0])).toEqual([undefined, undefined, undefined]);
});

async function mayGet(): Promise<string> {
  const asked = ['auth', 'can-i', 'get', 'secrets/consul', '-n', 'shop'];
  const asIsthmus = ['--as', 'system:serviceaccount:isthmus-system:isthmus'];
  return (await kubernetes.kubectl([...asked, ...asIsthmus])).stdout.trim();
}
