/** A plain TCP connection, copied both ways with back-pressure and half-close: what a tcp_proxy filter asks for. */
import type { Socket } from 'node:net';
import type { Cluster } from '../clusters/cluster.ts';
import type { Runtime } from '../connections/runtime.ts';
import { reasonOf } from '../tls/dialling.ts';

const MAX_ATTEMPTS = 3;

/** Connects `downstream` to a host of the cluster; closes it when none can be reached. */
export function relay(runtime: Runtime, downstream: Socket, cluster: Cluster, attempt = 0): void {
  runtime.turn.begin();
  const host = cluster.pick((Math.random() * 0x1_0000_0000) >>> 0, runtime.turn.now);
  if (host === undefined) {
    cluster.stats.noHealthyUpstream++;
    downstream.destroy();
    return;
  }
  const { socket: upstream, ready } = host.dial({ allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => upstream.destroy(), host.connectTimeoutMs);
  let connected = false;
  const abandon = (): void => void upstream.destroy();
  cluster.stats.cxTotal++;
  cluster.stats.cxActive++;
  downstream.once('close', abandon);
  upstream.once(ready, () => {
    connected = true;
    clearTimeout(timer);
    host.noteConnected();
    copy(downstream, upstream);
    copy(upstream, downstream);
  });
  upstream.on('error', (error) => {
    cluster.stats.lastError = reasonOf(error);
  });
  upstream.once('close', () => {
    clearTimeout(timer);
    cluster.stats.cxActive--;
    downstream.off('close', abandon);
    if (connected || downstream.destroyed) {
      finish(downstream);
      return;
    }
    host.noteConnectFailure(runtime.turn.now);
    if (attempt + 1 < MAX_ATTEMPTS) relay(runtime, downstream, cluster, attempt + 1);
    else downstream.destroy();
  });
}

function copy(from: Socket, to: Socket): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.once('end', () => to.end());
  from.resume();
}

function finish(socket: Socket): void {
  if (socket.writableFinished) socket.destroy();
  else socket.end(() => socket.destroy());
}
