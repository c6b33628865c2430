/** What a sidecar of Istio says of itself with our bootstrap beside its own: Envoy itself makes one of the two. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { bootstrapOverride } from '../../src/translate/istio/bootstrap-override.ts';
import { ServerProcess } from '../peers/server-process.ts';
import { peerUnderTest } from './peer-under-test.ts';

const envoy = peerUnderTest('envoy');

test.skipIf(envoy === undefined)(
  'its node says that it reads MetaProtocol, beside all that Istio has it say',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-bootstrap-'));
    const [port] = await freePorts(1);
    const own = {
      node: { id: 'sidecar~10.0.0.1~web.shop~shop.svc', cluster: 'web', metadata: { NAMESPACE: 'shop' } },
      admin: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } },
      staticResources: { clusters: [{ name: 'sds-grpc', type: 'STATIC' }] },
    };
    const file = path.join(folder, 'bootstrap.json');
    writeFileSync(file, JSON.stringify(own));
    const ours = bootstrapOverride({ host: '127.0.0.1', port: 1, namespace: 'mesh', serviceAccount: 'isthmus' });
    const info = `http://127.0.0.1:${port}/server_info`;
    const running = await ServerProcess.start({
      command: envoy ?? '',
      cwd: folder,
      parameters: ['-c', file, '--config-yaml', ours, '--disable-hot-restart', '--concurrency', '1', '-l', 'error'],
      isReady: async () => (await fetch(info)).ok,
    });
    try {
      expect(await (await fetch(info)).json()).toMatchObject({
        node: { metadata: { NAMESPACE: 'shop', ISTHMUS_PROXY_KIND: 'istio-sidecar' } },
      });
    } finally {
      await running.terminate();
      rmSync(folder, { recursive: true });
    }
  },
);
