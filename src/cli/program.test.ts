import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { IsthmusError } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { PortProtocol } from '../model/service.ts';
import type { ServiceSummary } from '../model/service-summary.ts';
import type { Actions, OfflineMesh, ProxyRunOptions, RunOptions } from './actions.ts';
import { captured } from './captured-output-fixture.ts';
import { runProgram } from './program.ts';

const emptyMesh: OfflineMesh = {
  findings: async () => [],
  resourceCount: 0,
  serviceCount: 0,
  model: () => ({ services: [] }),
  services: () => [],
  access: notAsked,
  identity: notAsked,
  istio: () => [],
  xds: () => ({}),
};

function notAsked(): never {
  throw new IsthmusError('INTERNAL', 'this command asks for something else');
}

const noActions: Actions = {
  run: notAsked,
  proxy: notAsked,
  loadOffline: notAsked,
  createToken: notAsked,
  readRoots: notAsked,
  makeEnvoyBootstrap: notAsked,
  keepProxyCertificates: notAsked,
  checkRegistry: notAsked,
  intercept: notAsked,
  changeNamespaces: notAsked,
  listNamespaces: notAsked,
  adopt: notAsked,
  installation: notAsked,
};

/** Runs one command line. */
async function isthmus(argv: readonly string[], actions: Partial<Actions> = {}) {
  return captured(async () => runProgram('1.2.3', { ...noActions, ...actions }, argv));
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-program-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(path.join(folder, name), content);
  return path.join(folder, name);
}

describe('the program', () => {
  it('names an option that is not there where the one that it was meant for is missing', async () => {
    const { code, stderr } = await isthmus(['validate', '--file', 'x']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('no option --file here. Did you mean --filename?')]);
    expect((await isthmus(['validate', '-o', 'json'])).stderr).not.toContain('Did you mean');
  });

  it('says that an option has taken the argument that follows it', async () => {
    const { code, stderr } = await isthmus(['policy', 'who-can-call', '-f', 'manifests', 'api.shop']);
    const hint = '-f takes all words that follow it. Write the host[:port] before it, or -- between them.';
    expect([code, stderr]).toEqual([64, expect.stringContaining(hint)]);
    expect((await isthmus(['policy', 'who-can-call'])).stderr).not.toContain('takes all words');
  });

  it('says its version, and its help ends with what its exit codes mean', async () => {
    expect(await isthmus(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
    const { code, stdout } = await isthmus(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:/);
    expect(stdout).toMatch(/Exit codes:\n {2}0 .+\n {2}64 .+\n {2}65 .+\n {2}69 .+\n {2}79 .+\n/);
  });

  it.each([
    [['no-such-command'], 'unknown command'],
    [['run'], '--filename'],
    [['run', '-f', 'x', '--kubernetes'], 'either -f, --filename PATH..., or --kubernetes'],
    [['run', '--kubernetes', '--revision', 'Canary_1'], 'at most 63 of a-z'],
    [['run', '--kubernetes', '--write-rate', '0'], 'at least 1'],
    [['run', '-f', 'x', '--write-rate', '9'], '--write-rate is for --kubernetes'],
    [['run', '--kubernetes', '--status-rate', '0'], 'at least 1'],
    [['run', '-f', 'x', '--status-rate', '9'], '--status-rate is for --kubernetes'],
    [['run', '-f', 'x', '--hold-time', '9'], '--hold-time is for --kubernetes'],
    [['run', '--kubernetes', '--hold-percent', '101'], 'from 0 to 100'],
    [['run', '--kubernetes', '--hold-objects', '-1'], 'number of objects'],
    [['run', '-f', 'x', '--without-istio'], '--without-istio is for --kubernetes'],
    [['run', '--kubernetes', '--namespace-selector', 'a in b'], 'expected labels such as'],
    [['install', '-n', 'Bad_NS', '--dry-run'], 'expected at most 63 of a-z, 0-9 and "-"'],
    [['namespace', 'list', '--request-timeout', 'soon'], '--request-timeout "soon" is no number of seconds'],
    [['install', '--revision', 'A B', '--dry-run'], 'expected at most 63 of a-z, 0-9 and "-"'],
    [['run', '-f', 'x', '--registry-wait', 'soon'], 'expected seconds'],
    [['run', '-f', 'x', '--log-level', 'loud'], 'debug, info, warn, error'],
    [['proxy'], '--xds ADDRESS'],
    [['proxy', '--xds', '127.0.0.1:1'], '--node ID'],
    [['proxy', '--bootstrap', 'x', '--concurrency', '0'], 'at least 1'],
    [['proxy', '--bootstrap', 'x', '--label', 'version'], 'NAME=VALUE'],
    [['translate', '-f', 'x'], '--to'],
    [['translate', '--to', 'xds', '-f', 'x', '-o', 'table'], 'yaml, json'],
    [['proxy-config', 'secret', 'checkout-1'], 'listener, route, cluster, endpoint, all'],
    [['codec', 'decode', 'x'], '--codec NAME, --codec MODULE or -f MANIFEST'],
    [['codec', 'decode', '--codec', 'nothing', 'x'], 'codec list'],
    [['registry', 'check', '-f', 'x', '--timeout', 'soon'], 'number of seconds'],
  ])('refuses %j with 64, and says what it wants', async (argv, wanted) => {
    const { code, stdout, stderr } = await isthmus(argv);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(wanted);
  });

  it.each([
    ['validate', '-f', 'x'],
    ['analyze'],
    ['proxy-status'],
    ['proxy-config', 'route', 'p'],
    ['vip', 'list'],
    ['vip', 'show', 'h'],
    ['describe', 'h'],
    ['services'],
    ['registry', 'list'],
    ['registry', 'show', 'r'],
    ['registry', 'services', 'r'],
    ['registry', 'check', '-f', 'x'],
    ['writes', 'list'],
    ['migrate', 'status'],
    ['codec', 'list'],
    ['codec', 'decode', '--codec', 'thrift', 'x'],
  ])('refuses a format that %s %s %s does not have', async (...argv) => {
    const { code, stderr } = await isthmus([...argv, '-o', 'xml']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('Allowed choices are table, json, yaml')]);
  });

  it.each([
    ['run'],
    ['proxy'],
    ['validate'],
    ['translate'],
    ['services'],
    ['proxy-status'],
    ['proxy-config'],
    ['vip'],
    ['vip', 'list'],
    ['vip', 'show'],
    ['registry'],
    ['registry', 'list'],
    ['registry', 'show'],
    ['registry', 'services'],
    ['registry', 'check'],
    ['registry', 'release'],
    ['registry', 'export'],
    ['writes'],
    ['writes', 'list'],
    ['writes', 'release'],
    ['migrate'],
    ['migrate', 'plan'],
    ['migrate', 'status'],
    ['migrate', 'step'],
    ['migrate', 'rollback'],
    ['describe'],
    ['analyze'],
    ['codec'],
    ['codec', 'list'],
    ['codec', 'decode'],
  ])('begins the help of %s %s with an example', async (...command) => {
    const { code, stdout } = await isthmus([...command, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Examples?:\n {2}/)]);
    expect(stdout).toContain(`isthmus ${command.join(' ')}`);
  });

  it('gives run and proxy what was written, and ends with their exit code', async () => {
    const asked: { run?: RunOptions; proxy?: ProxyRunOptions } = {};
    const actions: Partial<Actions> = {
      run: async (options) => {
        asked.run = options;
        return 69;
      },
      proxy: async (options) => {
        asked.proxy = options;
        return 0;
      },
    };
    expect((await isthmus(['run', '-f', 'a', 'b', '--state', 's', '--dns-suffix', 'none'], actions)).code).toBe(69);
    expect(asked.run).toMatchObject({ files: ['a', 'b'], stateFolder: 's', registryWait: 30, dnsSuffix: [] });
    expect(asked.run).not.toHaveProperty('cluster');
    const hold = ['--hold-objects', '0', '--hold-percent', '50', '--hold-time', '60'];
    await isthmus(['run', '--kubernetes', '--context', 'east', '--namespace-selector', 'mesh=on', ...hold], actions);
    expect(asked.run).toMatchObject({
      files: [],
      cluster: {
        context: 'east',
        revision: 'default',
        systemNamespace: 'isthmus-system',
        namespaceSelector: 'mesh=on',
        hold: { objects: 0, percent: 50, seconds: 60 },
      },
    });
    const labels = ['--label', 'version=v1', '--label', 'a=b=c'];
    const proxy = ['proxy', '--xds', 'h:1', '--node', 'n', '--address', '10.0.0.1', '10.0.0.2', ...labels];
    expect((await isthmus(proxy, actions)).code).toBe(0);
    expect(asked.proxy).toMatchObject({
      node: 'n',
      addresses: ['10.0.0.1', '10.0.0.2'],
      labels: { version: 'v1', a: 'b=c' },
      codecs: [],
      drainSeconds: 10,
    });
    expect(asked.proxy?.admin).toBeUndefined();
    expect((await isthmus([...proxy, '--admin', '127.0.0.1:1'], actions)).code).toBe(0);
    expect(asked.proxy?.admin).toBe('127.0.0.1:1');
  });

  it('gives an installation its values in the order in which they win', async () => {
    const rendered: unknown[] = [];
    const installation = {
      parseSetting: (text: string) => ({ set: text }),
      parseTextSetting: (text: string) => ({ text }),
      renderInstallation: ({ values }: { readonly values: readonly unknown[] }) => {
        rendered.push(...values);
        return [];
      },
    };
    const actions = { installation: async () => installation } as unknown as Partial<Actions>;
    const argv = ['install', '--dry-run', '--set-string', 'image.tag=2', '--set', 'replicas=3', '--revision', 'canary'];
    expect((await isthmus(argv, actions)).code).toBe(0);
    expect(rendered).toEqual([{ revision: 'canary' }, { set: 'replicas=3' }, { text: 'image.tag=2' }]);
  });

  it.each([
    ['adopt', ['adopt'], { adopt: [] }],
    ['namespace list', ['namespace', 'list'], { listNamespaces: [] }],
  ])('%s takes the cluster from the environment, as every command that speaks to one', async (_, argv, answers) => {
    vi.stubEnv('ISTHMUS_KUBECONFIG', '/other/kubeconfig');
    vi.stubEnv('ISTHMUS_CONTEXT', 'east');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const asked: unknown[] = [];
    const actions = Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [
        name,
        async (wish: unknown) => {
          asked.push(wish);
          return answer;
        },
      ]),
    );
    expect((await isthmus(argv, actions)).code).toBe(0);
    expect(asked).toEqual([expect.objectContaining({ kubeconfig: '/other/kubeconfig', context: 'east' })]);
  });

  it('says in which order the admin address of a proxy is taken', async () => {
    const help = (await isthmus(['proxy', '--help'])).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('admin address (default: that of the bootstrap file, else 127.0.0.1:15000)');
  });

  it('tells a failure that it knows, in one line, from a fault of its own, which has a stack', async () => {
    const known = new IsthmusError('STATE', 'the folder is\u001b[2J in use');
    const failing = await isthmus(['run', '-f', 'x'], { run: () => Promise.reject(known) });
    expect(failing).toEqual({ code: 69, stdout: '', stderr: 'isthmus: the folder is\\x1b[2J in use\n' });
    const faulty = await isthmus(['run', '-f', 'x'], { run: () => Promise.reject(new TypeError('oops')) });
    expect(faulty).toMatchObject({ code: 69, stderr: expect.stringMatching(/fault of isthmus itself: .*oops\n +at /) });
  });
});

describe('validate', () => {
  it('exits with 79 for an error, and with 0 for what is less', async () => {
    const object = { kind: 'MetaRouter', namespace: 'shop', name: 'orders' };
    const [error, warning] = [
      finding('ISTH0505', { object, path: 'spec', message: 'No such host.' }),
      finding('ISTH0503', { object, message: 'Nobody knows it.' }),
    ];
    const validate = async (...findings: (typeof error)[]) =>
      isthmus(['validate', '-f', 'x', '-o', 'json'], {
        loadOffline: async () => ({ ...emptyMesh, resourceCount: 1, findings: async () => findings }),
      });
    const refused = await validate(warning, error);
    expect([refused.code, refused.stderr]).toEqual([79, '1 object read: 1 error, 1 warning, 0 info.\n']);
    expect(JSON.parse(refused.stdout)).toEqual([warning, error]);
    expect((await validate(warning)).code).toBe(0);
  });
});

describe('translate', () => {
  const translate = async (to: string, mesh: Partial<OfflineMesh>) =>
    isthmus(['translate', '--to', to, '-f', 'x', '-o', 'json'], {
      loadOffline: async () => ({ ...emptyMesh, ...mesh }),
    });

  it.each([
    ['xds', {}, '{}\n', 'no object could be read'],
    ['istio', {}, '[]\n', 'no object could be read'],
    ['xds', { resourceCount: 1 }, '{}\n', 'the 1 object read declare no service'],
    ['xds', { resourceCount: 3, serviceCount: 2 }, '{}\n', 'may see none of the 2 services. Look at their exportTo'],
    ['istio', { resourceCount: 3, serviceCount: 2 }, '[]\n', 'Istio is told of none of the 2 services'],
  ])('to %s, which comes out empty of %j, says why', async (to, mesh, printed, why) => {
    const { code, stdout, stderr } = await translate(to, mesh);
    expect([code, stdout, stderr]).toEqual([0, printed, expect.stringContaining(why)]);
  });

  it('says nothing beside what it prints', async () => {
    const { stdout, stderr } = await translate('xds', { xds: () => ({ type: ['resource'] }) });
    expect([JSON.parse(stdout), stderr]).toEqual([{ type: ['resource'] }, '']);
  });
});

describe('a file that the command line names, and that is not there,', () => {
  it.each([
    ['codec', 'decode', '--codec', 'thrift'],
    ['codec', 'decode', 'x', '-f'],
    ['vip', 'list', '--admin-token-file'],
    ['proxy-status', '--admin-token-file'],
  ])('is a mistake in %s %s %s %s: 64, in one line', async (...argv) => {
    const { code, stdout, stderr } = await isthmus([...argv, path.join(folder, 'none')]);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^isthmus: .*none: there is no such file or folder\.\n$/);
  });

  it('is told from one that cannot be read', async () => {
    const { code, stderr } = await isthmus(['codec', 'decode', '--codec', 'thrift', folder]);
    expect([code, stderr]).toEqual([64, expect.stringContaining('it cannot be read: EISDIR')]);
  });
});

describe('an admin address', () => {
  it.each(['', 'localhost', 'http://127.0.0.1:15014', '127.0.0.1:99999', '127.0.0.1:0'])(
    'written "%s" is a mistake in the command line',
    async (admin) => {
      const { code, stderr } = await isthmus(['vip', 'list', '--admin', admin]);
      expect([code, stderr.split('\n').length]).toEqual([64, 2]);
      expect(stderr).toContain(`--admin "${admin}"`);
    },
  );
});

describe('what answers at an admin address', () => {
  async function answering(body: string, ports: readonly number[] = [0]): Promise<string> {
    const server = createServer((_, response) => response.end(body));
    for (const port of ports) {
      server.listen(port, '127.0.0.1');
      const isOurs = await once(server, 'listening').then(
        () => true,
        () => false,
      );
      if (isOurs) break;
    }
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it('is asked at any port, those that browsers refuse too', async () => {
    const admin = await answering('[]', [6665, 6666, 6667, 6668, 6669, 10_080]);
    expect(await isthmus(['vip', 'list', '--admin', admin, '-o', 'json'])).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
  });

  it('is not taken for a control plane when it is none', async () => {
    const admin = await answering('<html>');
    const { code, stderr } = await isthmus(['vip', 'list', '--admin', admin]);
    expect([code, stderr]).toEqual([
      69,
      `isthmus: What answers at ${admin} is no control plane. Name one with --admin.\n`,
    ]);
  });

  it.each([
    ['is empty', ' \n'],
    ['holds no token', 'two\nlines'],
  ])('is not asked with a token file that %s', async (why, content) => {
    const token = await file('token', content);
    const { code, stderr } = await isthmus(['vip', 'list', '--admin-token-file', token]);
    expect([code, stderr]).toEqual([64, expect.stringContaining(why)]);
  });
});

describe('services', () => {
  const service = (host: string, more: Partial<ServiceSummary> = {}): ServiceSummary => ({
    host,
    namespace: 'shop',
    addresses: ['127.241.0.1'],
    ports: [portOf(80, { kind: 'plain', protocol: 'http' }, 1, 2)],
    resolution: 'static',
    provenance: { source: 'service-entry', object: { kind: 'ServiceEntry', namespace: 'shop', name: 'entry' } },
    ...more,
  });
  const portOf = (number: number, protocol: PortProtocol, healthy: number, total: number, codec?: string) => ({
    number,
    name: 'any',
    protocol,
    endpoints: { healthy, total },
    ...(codec === undefined ? {} : { codec }),
  });
  const orders: PortProtocol = { kind: 'metaprotocol', application: 'orders' };
  const many = [
    service('a.mesh'),
    service('b.mesh', {
      addresses: ['127.241.0.2', 'fd00::2'],
      ports: [portOf(7000, orders, 3, 3, 'orders'), portOf(7001, orders, 3, 3)],
      provenance: { source: 'registry', registry: 'consul', object: { kind: 'ServiceRegistry', name: 'consul' } },
    }),
    service('c.mesh', {
      namespace: 'depot',
      addresses: [],
      ports: [
        portOf(80, { kind: 'plain', protocol: 'tcp' }, 1, 1),
        portOf(81, { kind: 'native', protocol: 'redis' }, 0, 1),
      ],
    }),
    service('d.mesh', { namespace: 'depot', resolution: 'none' }),
    service('out.example.com', {
      ports: [portOf(80, { kind: 'plain', protocol: 'http' }, 0, 0)],
      resolution: 'dns',
      provenance: { source: 'egress', object: { kind: 'Egress', namespace: 'shop', name: 'out' } },
    }),
  ];
  const offline = (services: readonly ServiceSummary[], findings: readonly Finding[] = []): Partial<Actions> => ({
    loadOffline: async () => ({ ...emptyMesh, services: () => services, findings: async () => findings }),
  });

  it('shows addresses, protocols, healthy endpoints of all, port by port where they differ, and the source', async () => {
    const { code, stdout, stderr } = await isthmus(['services', '-f', 'x'], offline(many));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replace(/ {2,}/g, ' | ')).toBe(
      [
        'HOST | NAMESPACE | ADDRESSES | PORTS | ENDPOINTS | SOURCE',
        'a.mesh | shop | 127.241.0.1 | 80/http | 1/2 | ServiceEntry/entry',
        'b.mesh | shop | 127.241.0.2,fd00::2 | 7000/metaprotocol:orders,7001/metaprotocol:orders (not registered) | 3/3 | registry/consul',
        'c.mesh | depot | none | 80/tcp,81/redis | 1/1,0/1 | ServiceEntry/entry',
        'd.mesh | depot | 127.241.0.1 | 80/http | - | ServiceEntry/entry',
        'out.example.com | shop | 127.241.0.1 | 80/http | by DNS | Egress/out',
        '',
      ].join('\n'),
    );
  });

  it('lists one namespace when asked to, as data too, and says where nothing is left', async () => {
    const json = await isthmus(['services', '-f', 'x', '-n', 'depot', '-o', 'json'], offline(many));
    expect(JSON.parse(json.stdout)).toEqual([many[2], many[3]]);
    const none = await isthmus(['svc', '-f', 'x', '-n', 'nowhere', '-o', 'json'], offline(many));
    expect(none).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: 'There is no service in namespace "nowhere". Other namespaces have 5.\n',
    });
    const empty = await isthmus(['services', '-f', 'x', '-o', 'yaml'], offline([]));
    expect([empty.stdout, empty.stderr]).toEqual(['[]\n', 'There is no service.\n']);
  });

  it('ends with 79 where manifests have errors, and lists what is not in error', async () => {
    const wrong = finding('ISTH0101', { object: { kind: 'Toaster', name: 'a' }, message: 'No such kind.' });
    const { code, stdout, stderr } = await isthmus(['services', '-f', 'x', '-o', 'json'], offline(many, [wrong]));
    expect([code, JSON.parse(stdout).length]).toEqual([79, 5]);
    expect(stderr).toMatch(/ISTH0101 .*\n1 error, .* leaves out what is in error\.\n$/);
  });
});

describe('codec decode', () => {
  it('says of bytes that are no frame what is wrong with them, where, and what they are', async () => {
    const capture = await file('capture', 'garbage that is no Thrift');
    const { code, stdout, stderr } = await isthmus(['codec', 'decode', '--codec', 'thrift', capture]);
    expect([code, stdout]).toEqual([65, '']);
    expect(stderr).toBe(
      'isthmus: At byte 0 of 25, read as a request of aeraki.meta_protocol.codec.thrift: The bytes begin no Thrift message.\n' +
        '  byte 0: 67 61 72 62 61 67 65 20 74 68 61 74 20 69 73 20 ...  |garbage that is |\n',
    );
  });

  it('prints the frames before the garbage', async () => {
    const call = '00000011 80010001 00000004 70696e67 00000007 00';
    const capture = await file('capture.hex', `${call} ff00`);
    const decoded = await isthmus(['codec', 'decode', '--codec', 'thrift', '--hex', '-o', 'json', capture]);
    expect(decoded.code).toBe(65);
    expect(JSON.parse(decoded.stdout)).toMatchObject([{ offset: 0, length: 21, kind: 'request', id: '7' }]);
    expect(decoded.stderr).toContain('At byte 21 of 23');
    expect(decoded.stderr).toContain('byte 21: ff 00  |..|');
  });

  it('says of a capture without bytes that it has none', async () => {
    const capture = await file('empty', '');
    const { code, stdout, stderr } = await isthmus(['codec', 'decode', '--codec', 'thrift', capture]);
    expect([code, stdout, stderr]).toEqual([65, '', `isthmus: ${capture} holds no bytes.\n`]);
  });

  it.each([
    ['a: [', 'is not YAML'],
    ['{kind: ProtocolCodec, metadata: {name: aeraki.meta_protocol.codec.thrift}}', 'the codec does not compile'],
    ['kind: MetaRouter', 'holds no ProtocolCodec'],
    ['{kind: ProtocolCodec, metadata: {name: x}, spec: {}}', 'the codec does not compile'],
  ])('does not take %s for a codec', async (text, why) => {
    const manifest = await file('codec.yaml', text);
    const { code, stderr } = await isthmus(['codec', 'decode', '-f', manifest, manifest]);
    expect([code, stderr]).toEqual([65, expect.stringContaining(why)]);
  });

  const described = (name: string) => `kind: ProtocolCodec
metadata: { name: ${name} }
spec:
  frame:
    header: { size: 7, endian: little }
    length: { parts: [{ offset: 5, type: u16 }], counts: afterHeader }
  fields: { tag: { offset: 0, type: i8 } }
  identity: { correlation: fifo }
  properties: { ${name}_tag: { from: tag } }
`;
  const others = ['kind: ApplicationProtocol\nmetadata: { name: a }\n', '', 'kind: MetaRouter\n'];

  async function decodedWith(documents: readonly string[], ...more: readonly string[]) {
    const [manifest, capture] = [await file('all.yaml', documents.join('---\n')), await file('hex', '05020100000000')];
    return isthmus(['codec', 'decode', '-f', manifest, '--hex', '-o', 'json', capture, ...more]);
  }

  it('takes the one ProtocolCodec of a file in which other manifests stand too', async () => {
    const { stdout, stderr } = await decodedWith([...others, described('zork'), ...others]);
    expect([stderr, JSON.parse(stdout)]).toEqual(['', [expect.objectContaining({ properties: { zork_tag: '5' } })]]);
  });

  it('takes the one that is named where a file has several, and asks for a name without one', async () => {
    const both = [described('zork'), described('zirk')];
    const chosen = await decodedWith(both, '--codec', 'zirk');
    expect(JSON.parse(chosen.stdout)).toMatchObject([{ properties: { zirk_tag: '5' } }]);
    const unnamed = await decodedWith(both);
    expect([unnamed.code, unnamed.stderr]).toEqual([64, expect.stringMatching(/zork, zirk\. Choose .* --codec NAME/)]);
    const builtIn = await decodedWith(both, '--codec', 'thrift');
    expect([builtIn.code, builtIn.stderr]).toEqual([64, expect.stringMatching(/"thrift".* zork, zirk/)]);
    const twice = await decodedWith([...both, described('zork')], '--codec', 'zork');
    expect([twice.code, twice.stderr]).toEqual([65, expect.stringContaining('several ProtocolCodecs "zork"')]);
  });

  it('reads hexadecimal text as bytes only when told so, and says how where it is no frame', async () => {
    const capture = await file('capture.hex', '00000011 80010001 00000004 70696e67 00000007 00\n');
    const decode = ['codec', 'decode', '--codec', 'thrift', capture];
    expect(await isthmus(decode)).toMatchObject({ code: 65, stderr: expect.stringContaining('decode it with --hex') });
    expect(await isthmus([...decode, '--hex'])).toMatchObject({ code: 0, stderr: '' });
    const garbage = await file('garbage', 'no hex at all');
    const { stderr } = await isthmus(['codec', 'decode', '--codec', 'thrift', garbage]);
    expect(stderr).not.toContain('--hex');
  });

  /** A codec without anything but a length in its first byte, as JavaScript; `list` is the body of that function. */
  const ownCodec = (name: string, list = "return [['size', String(frame.length)]];") => `{
    name: '${name}', capabilities: {}, properties: {},
    decoder: () => ({ decode: (bytes, start, end, frame) => {
      frame.length = bytes[start];
      return end - start >= frame.length;
    } }),
    list: (bytes, start, frame) => { ${list} },
    reader() {}, rewriteId() {}, mutate() {}, errorReply() {}, heartbeatReply() {},
  }`;

  async function decodedBy(text: string, hex: string, ...more: readonly string[]) {
    const [module, capture] = [await file('own.mjs', text), await file('hex', hex)];
    return isthmus(['codec', 'decode', '--codec', module, ...more, '--hex', '-o', 'json', capture]);
  }

  it('decodes with a codec of a module, exported under one name or two', async () => {
    const { stdout, stderr } = await decodedBy(
      `const own = ${ownCodec('own')}; export { own, own as default };`,
      '02ff01',
    );
    expect([stderr, JSON.parse(stdout)]).toEqual([
      '',
      [
        expect.objectContaining({ offset: 0, properties: { size: '2' } }),
        expect.objectContaining({ offset: 2, properties: { size: '1' } }),
      ],
    ]);
  });

  it('takes the codec of a module that is named where it exports several, and asks for a name without one', async () => {
    const both = `export const a = ${ownCodec('first')}; export const b = ${ownCodec('second', 'return [["b", "1"]];')};`;
    const chosen = await decodedBy(both, '01', '--codec', 'second');
    expect(JSON.parse(chosen.stdout)).toMatchObject([{ properties: { b: '1' } }]);
    const unnamed = await decodedBy(both, '01');
    expect([unnamed.code, unnamed.stderr]).toEqual([
      64,
      expect.stringMatching(/first, second\. Choose .* --codec NAME/),
    ]);
    const builtIn = await decodedBy(both, '01', '--codec', 'thrift');
    expect([builtIn.code, builtIn.stderr]).toEqual([64, expect.stringMatching(/"thrift".* first, second/)]);
    const two = await decodedBy(both, '01', '--codec', 'first', '--codec', 'second');
    expect([two.code, two.stderr]).toEqual([64, expect.stringContaining('two codecs: first and second')]);
  });

  it.each([
    ['export const codec = 7;', 'exports no codec'],
    ['throw new Error("broken")', 'cannot be loaded: broken'],
    [`export const thief = ${ownCodec('aeraki.meta_protocol.codec.thrift')};`, 'is built in'],
  ])('refuses a module %# as metaproxy does, in one line', async (text, why) => {
    const { code, stderr } = await decodedBy(text, '01');
    expect([code, stderr]).toEqual([65, expect.stringMatching(new RegExp(`^isthmus: --codec: .*${why}.*\\.\n$`))]);
  });

  it('names a module that is not there, with 64', async () => {
    const { code, stderr } = await isthmus(['codec', 'decode', '--codec', './none.ts', 'x']);
    expect([code, stderr]).toEqual([64, 'isthmus: --codec ./none.ts: there is no such file or folder.\n']);
  });

  it.each([
    ['00', ownCodec('endless'), 'a frame of 0 bytes in 1'],
    ['01', ownCodec('thrower', 'throw new RangeError("my fault");'), 'it threw RangeError: my fault.'],
    ['01', ownCodec('liar', 'return 7;'), 'it threw TypeError'],
  ])('says of a codec of a module that breaks the contract (%s, %#) that the bug is its own', async (hex, own, why) => {
    const { code, stderr } = await decodedBy(`export const own = ${own};`, hex);
    expect([code, stderr]).toEqual([65, expect.stringContaining(`The codec has a bug: `)]);
    expect(stderr).toContain(why);
  });
});
