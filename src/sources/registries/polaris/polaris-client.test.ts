import { afterEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../resources/kinds.ts';
import { testRegistry } from '../../../resources/service-registry-fixture.ts';
import type { RegistryAnswer, RegistryClient } from '../registry-client.ts';
import { createPolarisClient } from './polaris-client.ts';
import { type AskedOf, instancesOf, listOf, type StandIn, startStandIn } from './polaris-stand-in.ts';

type Answer = (request: AskedOf) => object | string | undefined;
type Spec = Partial<ServiceRegistry['spec']>;

const open: (RegistryClient | StandIn)[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const refusal = (code: number, info: string) => ({ code, info, type: 'ROUTING', service: null });

async function standIn(answer: Answer): Promise<StandIn> {
  const server = await startStandIn(answer);
  open.unshift(server);
  return server;
}

function follow(addresses: readonly string[], spec: Spec = {}, token?: string): RegistryAnswer[] {
  const answers: RegistryAnswer[] = [];
  const registry = testRegistry({ addresses, interval: 20, ...spec });
  const secrets = async () => (token === undefined ? {} : { token });
  open.unshift(createPolarisClient({ registry, secrets, answer: (more) => answers.push(...more) }));
  return answers;
}

/** Of one service, whose instances are answered for in turns; the last answer stays. */
async function followOne(...turns: readonly (object | ((request: AskedOf) => object))[]) {
  let at = 0;
  const server = await standIn((request) => {
    if (request.type === 'SERVICES') return listOf(['orders']);
    const turn = turns[Math.min(at++, turns.length - 1)];
    return typeof turn === 'function' ? turn(request) : turn;
  });
  return { server, answers: follow([server.address]) };
}

const orders = (request: AskedOf) => instancesOf(request, ['10.0.0.1']);
const unchanged = { code: 200_001, info: 'discover data is no change', type: 'INSTANCE' };
const kinds = (answers: readonly RegistryAnswer[]) =>
  answers.map((answer) => ('trust' in answer ? `${answer.kind} ${answer.trust}` : answer.kind));

describe('Polaris over HTTP', () => {
  it('follows all others where the server lists a service without a name', async () => {
    const list = {
      ...listOf(['orders', 'users']),
      services: [
        { name: null, namespace: 'Production' },
        { name: 'orders', namespace: 'Production' },
      ],
    };
    const server = await standIn((request) => (request.type === 'SERVICES' ? list : orders(request)));
    const answers = follow([server.address]);
    await expect.poll(() => kinds(answers)).toContain('service complete');
    expect(answers[0]).toMatchObject({ trust: 'partial', doubts: [{ cause: 'unreadable' }] });
  });

  it('gives services and instances as gRPC does, and asks with the revision that it has', async () => {
    const { server, answers } = await followOne(orders, unchanged);
    await expect.poll(() => server.asked.length).toBeGreaterThan(4);
    expect(kinds(answers)).toEqual(['services complete', 'service complete']);
    expect(answers[1]).toMatchObject({
      service: {
        name: 'orders',
        instances: [
          {
            id: 'id-10.0.0.1',
            address: '10.0.0.1',
            ports: [{ name: '', number: 8081, protocol: 'grpc' }],
            weight: 100,
            health: 'unknown',
            isolated: false,
            locality: { region: 'south', zone: '', subzone: '' },
            metadata: { version: 'v1' },
          },
        ],
      },
    });
    const revisions = server.asked.filter(({ type }) => type === 'INSTANCE').map(({ service }) => service.revision);
    expect(revisions.slice(0, 3)).toEqual([undefined, 'i1', 'i1']);
  });

  it.each([
    ['no JSON', '<html>'],
    ['JSON of somebody else', '[1]'],
    ['services that are none', { code: 200_000, type: 'SERVICES', service: 'x', services: [1, null, { name: {} }] }],
  ])('does not take %s for an empty registry', async (_, body) => {
    const server = await standIn(() => body);
    const answers = follow([server.address]);
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    expect(kinds(answers)).not.toContain('services complete');
  });

  it('is there where gRPC does not get through', async () => {
    const server = await standIn((request) => (request.type === 'SERVICES' ? listOf(['orders']) : orders(request)));
    const answers = follow(['127.0.0.1:1', server.address]);
    await expect.poll(() => kinds(answers)).toContain('service complete');
    expect(answers[0]).toMatchObject({ kind: 'unavailable' });
  });

  it('sends the token in a header, and nowhere else', async () => {
    const server = await standIn((request) => (request.type === 'SERVICES' ? listOf([]) : undefined));
    const answers = follow([server.address], {}, 's3cret');
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    expect(server.asked[0]).toEqual({ type: 'SERVICES', service: {}, token: 's3cret' });
  });

  it('ends at once, whatever is asked', async () => {
    const server = await standIn(() => undefined);
    const answers = follow([server.address]);
    await expect.poll(() => server.asked.length).toBeGreaterThan(0);
    await open.shift()?.close();
    expect(answers).toEqual([]);
  });
});

describe("Polaris' codes", () => {
  it('say that a service is absent only when they say so twice; what comes back is asked for in full', async () => {
    const { server, answers } = await followOne(orders, refusal(400_202, 'not found resource'), orders);
    await expect.poll(() => kinds(answers).length).toBeGreaterThan(2);
    expect(kinds(answers).slice(0, 3)).toEqual(['services complete', 'service complete', 'service complete']);
    expect(server.asked.map(({ service }) => service.revision).slice(1, 4)).toEqual([undefined, 'i1', undefined]);
    const gone = await followOne(orders, refusal(400_202, 'not found resource'));
    await expect.poll(() => kinds(gone.answers)).toContain('absent');
  });

  it.each([
    [400_004, 'InvalidDiscoverResource'],
    [400_301, 'NotFoundService'],
    [400_303, 'NotFoundInstance'],
    [400_305, 'NotFoundNamespace'],
    [401_000, 'Unauthorized'],
    [403_001, 'NotAllowedAccess'],
    [500_000, 'ExecuteException'],
    [500_001, 'StoreLayerException'],
    [500_007, 'HeartbeatException'],
  ])('%i of a service (%s) removes nothing, is told, and is over with the next answer', async (code, info) => {
    const { answers } = await followOne(orders, refusal(code, info), orders);
    await expect.poll(() => kinds(answers).length).toBeGreaterThan(3);
    expect(kinds(answers).slice(0, 4)).toEqual([
      'services complete',
      'service complete',
      'service partial',
      'service complete',
    ]);
    const cause = code < 500_000 && code >= 401_000 ? 'withheld' : 'unsettled';
    expect(answers[2]).toMatchObject({ doubts: [{ cause, text: `the server answers ${code}, ${info}` }] });
  });

  it.each([
    [400_401, 'ClientAPINotOpen'],
    [401_001, 'access is not approved: invalid token'],
    [401_002, 'TokenInvalid'],
    [401_003, 'TokenDisabled'],
    [401_004, 'TokenNotExisted'],
    [403_003, 'ServicesExistedMesh'],
    [429_001, 'InstanceTooManyRequests'],
    [429_002, 'APIRateLimit'],
  ])(
    '%i (%s) says that the server can be asked nothing: it is left alone for a while, and loses nothing',
    async (code, info) => {
      const { answers } = await followOne(orders, refusal(code, info), orders);
      await expect.poll(() => kinds(answers).length).toBeGreaterThan(4);
      expect(kinds(answers).slice(2, 5)).toEqual(['unavailable', 'services complete', 'service complete']);
      expect(answers[2]).toMatchObject({ reason: `the server answers ${code}, ${info}` });
    },
  );

  it('are of the namespace that was asked for; the others are seen', async () => {
    const server = await standIn(({ service }) =>
      service.namespace === 'Closed' ? refusal(401_000, 'access is not approved') : listOf([]),
    );
    const { select } = testRegistry().spec;
    const answers = follow([server.address], { select: { ...select, namespaces: ['Closed', 'Production'] } });
    await expect.poll(() => answers.length).toBeGreaterThan(1);
    expect(answers).toMatchObject([
      { kind: 'unavailable', scope: 'Closed', reason: 'the server answers 401000, access is not approved' },
      { kind: 'services', scope: 'Production', trust: 'complete' },
    ]);
  });

  it('of an answer to something else are not believed', async () => {
    const other = (request: AskedOf) => instancesOf({ ...request, service: { name: 'carts' } }, ['10.0.0.9']);
    const { answers } = await followOne(orders, other, orders);
    await expect.poll(() => kinds(answers).length).toBeGreaterThan(4);
    expect(kinds(answers)[2]).toBe('unavailable');
    expect(JSON.stringify(answers)).not.toContain('10.0.0.9');
  });

  it('that list nothing, and know no revision, remove nothing', async () => {
    const server = await standIn(() => listOf([], ''));
    const answers = follow([server.address]);
    await expect.poll(() => kinds(answers)).toContain('services partial');
  });
});

it('refuses options, of which it has none', async () => {
  const answers = follow(['127.0.0.1:1'], { options: { prefix: '/x' } });
  await expect.poll(() => answers).toHaveLength(1);
  expect(answers[0]).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('options.prefix') });
});
