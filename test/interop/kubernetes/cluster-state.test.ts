import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { word, wordFormat } from '../../../src/delivery/files/journal-fixture.ts';
import { SealedFile } from '../../../src/delivery/files/sealed-file.ts';
import { SettingKeeper } from '../../../src/delivery/files/setting-keeper.ts';
import { openRecords } from '../../../src/delivery/files/shared-state.ts';
import { ClusterState } from '../../../src/delivery/kubernetes/records/cluster-state.ts';
import { writableBy } from '../../../src/delivery/kubernetes/replicas/writership.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { openIssuer } from '../../../src/main/certificates/issuer-opening.ts';
import { tokenFile } from '../../../src/main/certificates/mesh-authority.ts';
import { createToken, readRoots } from '../../../src/main/certificates/token-making.ts';
import { BootstrapTokens } from '../../../src/security/bootstrap-tokens.ts';
import { CertificateAuthority } from '../../../src/security/certificate-authority.ts';
import type { Issuer } from '../../../src/security/issuer.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { ToldWritership } from './told-writership.ts';

const namespace = 'isthmus-system';
let kubernetes: KubernetesServer;
let api: ApiServer;
let ended: AbortController;
let closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  api = await kubernetes.access();
  await kubernetes.kubectl(['create', 'namespace', namespace]);
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
});
beforeEach(() => {
  ended = new AbortController();
});
afterEach(async () => {
  ended.abort();
  for (const close of closing.splice(0).reverse()) await close();
  for (const plural of ['secrets', 'configmaps'])
    await api.send({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/${plural}?labelSelector=app.kubernetes.io/managed-by=isthmus`,
    });
});

interface Replica {
  readonly state: ClusterState;
  readonly writership: ToldWritership;
}

function replica(isWriter: boolean, as: ApiServer = api): Replica {
  const writership = new ToldWritership(isWriter);
  const server = writableBy(writership, as);
  const state = new ClusterState({ server, namespace, revision: 'default', writership, signal: ended.signal });
  closing = [...closing, () => state.release()];
  return { state, writership };
}

async function issuerOf({ state }: Replica): Promise<Issuer> {
  const limits = { leafLifetimeMs: 3_600_000, settleMs: 0 };
  const issuer = await openIssuer({ kind: 'BuiltIn', name: '' }, limits, {
    state,
    trustDomain: 'mesh.corp',
    untrusting: () => [],
  });
  closing = [...closing, () => issuer.close()];
  return issuer;
}

const everything = async (kind: string): Promise<string> =>
  (await kubernetes.kubectl(['get', kind, '-n', namespace, '-o', 'yaml'])).stdout;

describe('what outlives the replicas', () => {
  it('has one root, though two replicas began together on an empty cluster, and its key in a Secret alone', async () => {
    const [other, writer] = [replica(false), replica(true)];
    const [otherIssuer, issuer] = await Promise.all([issuerOf(other), issuerOf(writer)]);
    expect(issuer.roots()).toHaveLength(1);
    expect(otherIssuer.roots()).toEqual(issuer.roots());
    expect(
      Buffer.from(
        /certificate-authority\.json: (\S+)/.exec(await everything('secret'))?.[1] ?? '',
        'base64',
      ).toString(),
    ).toContain('PRIVATE KEY');
    expect(await everything('configmap')).not.toContain('PRIVATE KEY');
    const afterRestart = await issuerOf(replica(false));
    expect(afterRestart.roots()).toEqual(issuer.roots());
  });

  it('has the root made by another replica, where the first to write ended before it made one', async () => {
    const waiting = replica(false);
    const opening = issuerOf(waiting);
    waiting.writership.tell(true);
    expect((await opening).roots()).toHaveLength(1);
  });

  it('has roots, and keys of tokens, that a command reads from the cluster; without them it says what is missing', async () => {
    const choice = { cluster: { kubeconfig: kubernetes.kubeconfig(), systemNamespace: namespace, revision: 'canary' } };
    const identity = { trustDomain: 'mesh.corp', namespace: 'shop', serviceAccount: 'orders' };
    await expect(createToken(choice, { identity })).rejects.toThrow(
      `Secret ${namespace}/isthmus-token-keys is not there`,
    );
    const writer = replica(true);
    const issuer = await issuerOf(writer);
    await writer.state.take();
    const tokens = await BootstrapTokens.open({
      trustDomain: 'mesh.corp',
      file: new SealedFile(writer.state, tokenFile),
    });
    expect(await readRoots(choice)).toBe(issuer.roots().join(''));
    expect(await tokens.authenticate(await createToken(choice, { identity }))).toMatchObject({ identity });
  });

  it('has steps of a rotation, which every replica follows', async () => {
    const [other, writer] = [replica(false), replica(true)];
    const [followed, issuer] = await Promise.all([issuerOf(other), issuerOf(writer)]);
    if (!(issuer instanceof CertificateAuthority)) throw new TypeError('no authority of ours');
    await issuer.beginRotation();
    expect(issuer.roots()).toHaveLength(2);
    await expect.poll(() => followed.roots()).toEqual(issuer.roots());
  });

  it('has settings, which one that did not write keeps until it writes', async () => {
    const [other, writer] = [replica(false), replica(true)];
    const setting = {
      file: { fileName: 'color.json', header: { format: 'color', version: 1 }, remedy: 'Paint it.' },
      what: 'color',
      read: (stored: unknown) => (typeof stored === 'string' ? stored : undefined),
      write: (color: string) => color,
    };
    const open = async ({ state }: Replica) => SettingKeeper.open<string>({ folder: state, setting, show: () => {} });
    const [kept, otherKept] = [await open(writer), await open(other)];
    kept.note('red');
    await kept.close();
    await expect.poll(async () => (await open(other)).value).toBe('red');
    otherKept.note('blue');
    await otherKept.close();
    expect((await open(replica(false))).value).toBe('red');
    writer.writership.tell(false);
    other.writership.tell(true);
    await expect.poll(async () => (await open(replica(false))).value).toBe('blue');
  });

  it('has records that one replica alone has seen, also when another one comes to write', async () => {
    const [other, writer] = [replica(false), replica(true)];
    const open = ({ state }: Replica) => openRecords(state, 'words.journal', wordFormat);
    const [written, otherWritten] = [await open(writer), await open(other)];
    written.note(['seen by one', 'seen by both', 'gone'].map(word));
    await written.close();
    otherWritten.note([...['seen by both', 'seen by the other'].map(word), { key: 'gone', record: undefined }]);
    writer.writership.tell(false);
    other.writership.tell(true);
    await otherWritten.close();
    const third = await open(replica(false));
    expect([...third.records.keys()].toSorted()).toEqual(['seen by both', 'seen by one', 'seen by the other']);
  });

  it('is written again where somebody deleted it while a replica runs', async () => {
    const [other, writer] = [replica(false), replica(true)];
    const [followed, issuer] = await Promise.all([issuerOf(other), issuerOf(writer)]);
    const data = ['get', 'secret', 'isthmus-certificate-authority', '-n', namespace, '-o', 'jsonpath={.data}'];
    const before = await kubernetes.kubectl(data);
    await kubernetes.kubectl(['delete', 'secret', 'isthmus-certificate-authority', '-n', namespace]);
    await expect.poll(() => kubernetes.kubectl(data)).toEqual(before);
    expect(followed.roots()).toEqual(issuer.roots());
    expect((await issuerOf(replica(false))).roots()).toEqual(issuer.roots());
  });

  it('is never replaced by one that has not seen it', async () => {
    const [writer, late] = [replica(true), replica(true)];
    const [state, lateState] = [writer.state, late.state];
    await Promise.all([state.take(), lateState.take()]);
    const writes = [state, lateState].map((one, at) => one.replace('token-keys.json', Buffer.from(`keys ${at}`)));
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('is told of where it may not be read', async () => {
    const limited = await kubernetes.access('isthmus');
    closing = [...closing, () => limited.close()];
    const { state } = replica(true, limited);
    const told = () =>
      state
        .findings()
        .map(({ code, object, message }) => `${code} ${object.name} ${message}`)
        .toSorted();
    await expect
      .poll(told)
      .toEqual(
        ['configmaps', 'secrets'].map((plural) =>
          expect.stringMatching(new RegExp(`^ISTH1518 ${namespace} ${plural} of ${namespace}: .*forbidden`)),
        ),
      );
  });
});
