/** Policies for requests as they are written, through the bytes that proxies are sent, to what gets through. */
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { type Codec, Frame } from '../../codecs/codec.ts';
import { dubbo as dubboCodec } from '../../codecs/dubbo/dubbo.ts';
import { attachmentMap, callBody, dubboFrame, type TestCall } from '../../codecs/dubbo/dubbo-frames.ts';
import { text } from '../../codecs/dubbo/hessian-writer.ts';
import { kvHeader } from '../../codecs/kv-header/kv-header.ts';
import { testMesh } from '../../src/mesh/mesh-fixture.ts';
import { letsThrough, policyVerdicts } from '../../src/model/request-decision.ts';
import { planAccess, planConnectionAccess } from '../../src/proxy/config/access-plan.ts';
import { AccessControl } from '../../src/proxy/filters/access-control.ts';
import { createResourceReader } from '../../src/resources/reader.ts';
import { requestAccess } from '../../src/translate/envoy/request-access.ts';
import { decode, encode } from '../../src/xds-api/messages.ts';

const RBAC = 'envoy.config.rbac.v3.RBAC';
type Request = Readonly<Record<string, string>>;

/** Its frames are JSON, and each field a property. */
const codec: Codec = {
  ...kvHeader,
  decoder: () => ({ decode: () => true }),
  reader: (property) => (bytes) => {
    const request: Request = JSON.parse(bytes.toString());
    return request[property];
  },
};

const mesh = `
apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: Enforced } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: 80, name: tcp-metaprotocol-orders }
    - { number: 81, name: tcp-dubbo }
    - { number: 82, name: http-web }
  endpoints: [{ address: 10.0.0.1, serviceAccount: orders }]
---
`;

function meshOf(manifests: string) {
  const { set, mesh: made, findings } = testMesh();
  const reader = createResourceReader();
  for (const value of loadAll(mesh + manifests)) {
    const { resource } = reader.read(value);
    if (resource !== undefined) set(resource);
  }
  const policiesAt = (port: number) =>
    made.inboundPorts.get(`10.0.0.1|${port}|${idOf('shop/orders')}`)?.guard?.policies ?? [];
  /** Through the bytes of what is sent. */
  const sent = (port: number, sees: 'requests' | 'connections') =>
    requestAccess(policiesAt(port), sees).map((rules) => decode(RBAC, encode(RBAC, rules)));
  const ask = (caller: string, bytes: Buffer, reads: Codec, port: number) => {
    const grant = new AccessControl(sent(port, 'requests').map(planAccess), reads).grantOf(idOf(caller));
    if (typeof grant === 'string') return grant === 'all' ? 'admitted' : 'denied';
    const frame = new Frame();
    reads.decoder('request').decode(bytes, 0, bytes.length, frame);
    return grant.ask(bytes, 0, frame);
  };
  return {
    findings,
    policiesAt,
    /** What becomes of a call in Dubbo's bytes. */
    asksDubbo: (call: TestCall) => ask('shop/buyer', dubboFrame({ flags: 0xc2, body: callBody(call) }), dubboCodec, 81),
    /** Whether a caller, as `namespace/account`, gets a request through. */
    passes: (caller: string, request: Request, port = 80): boolean => {
      const verdicts = policyVerdicts(policiesAt(port), { source: idOf(caller), properties: request });
      const isEnforced = enforced(caller, request, port);
      expect(letsThrough(verdicts), 'as isthmus policy says').toBe(isEnforced);
      return isEnforced;
    },
    connects: (caller: string, port = 80): boolean => {
      const plans = sent(port, 'connections').map(planConnectionAccess);
      const isEnforced = new AccessControl(plans, undefined).grantOf(idOf(caller)) === 'all';
      const verdicts = policyVerdicts(policiesAt(port), { source: idOf(caller) });
      expect(letsThrough(verdicts), 'as isthmus policy says').toBe(isEnforced);
      return isEnforced;
    },
  };

  function enforced(caller: string, request: Request, port: number): boolean {
    return ask(caller, Buffer.from(JSON.stringify(request)), codec, port) === 'admitted';
  }
}

const idOf = (caller: string) => `spiffe://cluster.local/ns/${caller.replace('/', '/sa/')}`;

const policy = (spec: string, name = 'orders') => `
apiVersion: isthmus.dev/v1alpha1
kind: RequestAuthorizationPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
---`;

const dubbo = (spec: string) => `
apiVersion: dubbo.aeraki.io/v1alpha1
kind: DubboAuthorizationPolicy
metadata: { name: orders, namespace: shop }
spec: ${spec}
---`;

describe('a RequestAuthorizationPolicy', () => {
  const reads =
    '{ rules: [{ from: [{ principals: [cluster.local/ns/shop/sa/buyer] }], to: [{ properties: { method: [get*, list] } }] }] }';

  it.each<[string, string, Request, boolean]>([
    ['what begins as it says', 'shop/buyer', { method: 'getOrder' }, true],
    ['what is as it says', 'shop/buyer', { method: 'list' }, true],
    ['nothing else', 'shop/buyer', { method: 'listAll' }, false],
    ['nothing that does not show it', 'shop/buyer', {}, false],
    ['nobody else', 'shop/buyer2', { method: 'list' }, false],
    ['nobody of the same name elsewhere', 'town/buyer', { method: 'list' }, false],
  ])('that allows lets through %s', (_, caller, request, isLetThrough) => {
    expect(meshOf(policy(reads)).passes(caller, request)).toBe(isLetThrough);
  });

  it('narrows nothing where it is not for: other workloads, other protocols, HTTP', () => {
    const others = policy('{ serviceAccounts: [books] }') + policy('{ protocols: [thrift] }', 'thrift');
    const { passes, policiesAt } = meshOf(others);
    expect(passes('town/anybody', {})).toBe(true);
    expect(meshOf(policy('{}')).passes('town/anybody', {})).toBe(false);
    expect([policiesAt(80), policiesAt(81), policiesAt(82)]).toEqual([[], [], []]);
  });

  it('that denies goes before all that allow', () => {
    const { passes } = meshOf(
      policy('{ rules: [{}] }') +
        policy('{ action: DENY, rules: [{ to: [{ properties: { method: [drop] } }] }] }', 'no'),
    );
    expect([passes('shop/buyer', { method: 'get' }), passes('shop/buyer', { method: 'drop' })]).toEqual([true, false]);
  });

  it.each<[string, string, Request, boolean]>([
    ['a request that does not show what is asked for', '{ properties: { method: [drop] } }', {}, false],
    ['a request that shows what is excepted', '{ notProperties: { method: [get] } }', { method: 'get' }, true],
    ['all that is not excepted', '{ notProperties: { method: [get] } }', { method: 'put' }, false],
    ['a request that does not show whether it is excepted', '{ notProperties: { method: [get] } }', {}, false],
    ['what has a property at all', "{ properties: { debug: ['*'] } }", { debug: 'x' }, false],
    ['nothing that has not the property at all', "{ properties: { debug: ['*'] } }", {}, true],
    ['what ends as it says', "{ properties: { method: ['*Order'] } }", { method: 'dropOrder' }, false],
  ])('that denies stops %s', (_, request, asked, isLetThrough) => {
    const { passes } = meshOf(policy(`{ action: DENY, rules: [{ to: [${request}] }] }`));
    expect(passes('shop/buyer', asked)).toBe(isLetThrough);
  });

  it.each<[string, string, string, boolean]>([
    ['a namespace', '{ namespaces: [shop] }', 'shop/buyer', true],
    ['not one that begins like it', '{ namespaces: [shop] }', 'shopping/buyer', false],
    ['not an account that is called like it', '{ namespaces: [shop] }', 'town/shop', false],
    ['namespaces that begin so', '{ namespaces: [sho*] }', 'shopping/buyer', true],
    ['namespaces that end so', "{ namespaces: ['*op'] }", 'shop/buyer', true],
    ['all but some', '{ notNamespaces: [town], principals: ["*"] }', 'shop/buyer', true],
    ['none of those left out', '{ notNamespaces: [town], principals: ["*"] }', 'town/buyer', false],
    ['ids with their scheme', '{ principals: [spiffe://cluster.local/ns/shop/sa/buyer] }', 'shop/buyer', true],
    [
      'no ids of which a dot would be any letter',
      '{ principals: [cluster-local/ns/shop/sa/buyer] }',
      'shop/buyer',
      false,
    ],
  ])('knows its callers: %s', (_, caller, who, isLetThrough) => {
    expect(meshOf(policy(`{ rules: [{ from: [${caller}] }] }`)).passes(who, {})).toBe(isLetThrough);
  });

  it('that cannot be read lets nothing through to the workloads that it names, and leaves others be', () => {
    const broken = '{ action: DENY, serviceAccounts: [orders], rules: [{ to: [{ propertys: { method: [drop] } }] }] }';
    const { passes, connects } = meshOf(policy(broken));
    expect([passes('shop/buyer', { method: 'get' }), connects('shop/buyer')]).toEqual([false, false]);
    const elsewhere = meshOf(policy(broken.replace('[orders]', '[books]')));
    expect(elsewhere.passes('shop/buyer', { method: 'get' })).toBe(true);
  });

  it('keeps the connection from whom a proxy that reads no requests cannot tell whether he may', () => {
    const { connects } = meshOf(
      policy(
        `{ rules: [{ from: [{ namespaces: [shop] }] }, { from: [{ namespaces: [town] }], to: [{ properties: { a: [b] } }] }] }`,
      ) +
        policy(
          '{ action: DENY, rules: [{ from: [{ principals: ["*/thief"] }], to: [{ properties: { a: [b] } }] }] }',
          'no',
        ),
    );
    expect([connects('shop/buyer'), connects('town/buyer'), connects('shop/thief')]).toEqual([true, false, false]);
  });

  it('is told to be without effect while access is disabled', () => {
    const { findings } = meshOf(
      `${policy('{}')}\napiVersion: isthmus.dev/v1alpha1\nkind: MeshConfig\nmetadata: { name: mesh }\nspec: {}\n`,
    );
    expect(findings()).toContain('ISTH1351 RequestAuthorizationPolicy/orders');
  });
});

describe('a DubboAuthorizationPolicy', () => {
  const published = `
  action: ALLOW
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/*], notNamespaces: [test] } }]
      to: [{ operation: { interfaces: [org.apache.dubbo.*], notMethods: [drop] } }]`;

  it.each<[string, Request, boolean]>([
    ['shop/buyer', { interface: 'org.apache.dubbo.Greeter', method: 'hello' }, true],
    ['shop/buyer', { interface: 'org.apache.dubbo.Greeter', method: 'drop' }, false],
    ['shop/buyer', { interface: 'orgXapache.dubbo.Greeter', method: 'hello' }, false],
    ['town/buyer', { interface: 'org.apache.dubbo.Greeter', method: 'hello' }, false],
    ['shop/buyer', {}, false],
  ])('asks of %s with %j what it says', (caller, request, isLetThrough) => {
    expect(meshOf(dubbo(published)).passes(caller, request, 81)).toBe(isLetThrough);
  });

  it('is for Dubbo alone', () => {
    expect(meshOf(dubbo('{ action: DENY, rules: [{}] }')).passes('shop/buyer', {})).toBe(true);
    expect(meshOf(dubbo('{ action: DENY, rules: [{}] }')).passes('shop/buyer', {}, 81)).toBe(false);
  });

  it('keeps every rule of every policy, however many there are', () => {
    const rules = ['a', 'b', 'c'].map((method) => `{ to: [{ operation: { methods: [${method}] } }] }`);
    const { passes } = meshOf(dubbo(`{ rules: [${rules.join(', ')}] }`));
    expect(['a', 'b', 'c', 'd'].map((method) => passes('x/y', { method }, 81))).toEqual([true, true, true, false]);
  });
});

describe('what a provider of Dubbo would take a call for', () => {
  const generic = (method: string): TestCall => ({
    method: '$invoke',
    descriptor: 'Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;',
    arguments: [text(method), { is: 'list', type: '[string', items: [] }, { is: 'list', type: '[object', items: [] }],
  });
  const path = (value: string): TestCall => ({ attachments: attachmentMap({ path: value }) });
  const unreadable: TestCall = { attachments: text('no map') };
  const to = (action: string, operation: string) =>
    meshOf(dubbo(`{ action: ${action}, rules: [{ to: [{ operation: ${operation} }] }] }`)).asksDubbo;

  it.each<[string, string, string, TestCall, string]>([
    ['a method that is denied, called by its name', 'DENY', '{ methods: [drop] }', { method: 'drop' }, 'denied'],
    ['the same by a generic call', 'DENY', '{ methods: [drop] }', generic('drop'), 'denied'],
    ['another by a generic call', 'DENY', '{ methods: [drop] }', generic('get'), 'admitted'],
    ['generic calls where they are denied', 'DENY', '{ methods: [$invoke] }', generic('get'), 'denied'],
    ['a generic call of what is not allowed', 'ALLOW', '{ methods: [$invoke, get] }', generic('drop'), 'denied'],
    ['a generic call where both names are allowed', 'ALLOW', '{ methods: [$invoke, get] }', generic('get'), 'admitted'],
    ['a generic call where only what it calls is allowed', 'ALLOW', '{ methods: [get] }', generic('get'), 'denied'],
    ['a generic call of an exception', 'ALLOW', '{ notMethods: [drop] }', generic('drop'), 'denied'],
    ['a path that is denied', 'DENY', '{ interfaces: [a.Secret] }', path('a.Secret'), 'denied'],
    ['a path that is not allowed', 'ALLOW', '{ interfaces: [a.B] }', path('a.Secret'), 'denied'],
    ['a path that is allowed as the interface is', 'ALLOW', '{ interfaces: [a.B, shop] }', path('shop'), 'admitted'],
    ['a call that cannot be read, where some are denied', 'DENY', '{ methods: [drop] }', unreadable, 'unclear'],
    ['a call that cannot be read, where some are allowed', 'ALLOW', '{ methods: [hi] }', unreadable, 'unclear'],
  ])('decides about %s', (_, action, operation, call, answer) => expect(to(action, operation)(call)).toBe(answer));

  it('is not asked where no policy goes by properties', () => {
    expect(meshOf(dubbo('{ action: ALLOW, rules: [{}] }')).asksDubbo(unreadable)).toBe('admitted');
  });
});
