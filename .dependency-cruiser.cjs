/** Who may import whom: ../shared design, section 3. Types count as imports, but for the exceptions named. */
const rooms = {
  model: [],
  collections: ['model'],
  'xds-api': [],
  /** Files that users name. */
  'local-files': [],
  'kubernetes-api': ['model'],
  certificates: ['model'],
  resources: ['model'],
  sources: ['model', 'resources', 'collections', 'kubernetes-api', 'local-files'],
  mesh: ['model', 'resources', 'collections'],
  translate: ['model', 'xds-api'],
  delivery: ['model', 'collections', 'translate', 'xds-api', 'kubernetes-api'],
  security: ['model', 'certificates', 'collections', 'translate', 'xds-api', 'local-files'],
  proxy: ['model', 'certificates', 'xds-api'],
  operations: ['model', 'collections'],
  console: ['operations', 'resources', 'translate', 'model'],
  cli: ['model', 'operations', 'resources', 'translate', 'xds-api'],
  /** What commands do in a cluster, from outside of it. */
  'cluster-commands': ['model', 'resources', 'mesh', 'translate', 'delivery', 'kubernetes-api'],
};

/** Rooms whose types, and nothing else, may be imported. */
const typesOnly = { translate: ['mesh', 'resources'], 'cluster-commands': ['cli'] };

/** Packages of npm that rooms without effects may use. */
const packages = {
  model: [],
  collections: [],
  mesh: [],
  translate: [],
  certificates: ['@peculiar/x509'],
  codecs: ['re2js'],
};

/** Tests of codecs, and the kit that users test theirs with. */
const codecTests = '\\.test\\.ts$|^codecs/conformance|^codecs/declarative/twins\\.ts$';

const roomRules = Object.entries(rooms).flatMap(([room, allowed]) => {
  const visible = [room, ...allowed, ...(typesOnly[room] ?? [])].join('|');
  return [
    {
      name: `${room}-imports`,
      comment: `src/${room} may import ${allowed.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(src|codecs)/',
        pathNot: `^src/(${visible})/${room === 'proxy' || room === 'resources' || room === 'cli' ? '|^codecs/' : ''}`,
      },
    },
    ...(typesOnly[room] ?? []).map((other) => ({
      name: `${room}-takes-only-types-of-${other}`,
      severity: 'error',
      from: { path: `^src/${room}/`, pathNot: '\\.test\\.ts$' },
      to: { path: `^src/${other}/`, dependencyTypesNot: ['type-only'] },
    })),
  ];
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'codecs-import-nothing-of-src', severity: 'error', from: { path: '^codecs/' }, to: { path: '^src/' } },
    {
      name: 'translate-is-pure',
      severity: 'error',
      from: { path: '^src/(translate|mesh|model|collections|certificates)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'no-unlisted-room',
      comment: 'a new folder or file in src/ belongs into the table above, with what it may import',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${[...Object.keys(rooms), 'main'].join('|')})/` },
      to: {},
    },
    {
      name: 'product-imports-no-tests-or-examples',
      severity: 'error',
      from: { path: '^(src|codecs)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|examples|scripts)/' },
    },
    {
      name: 'siblings-do-not-meet',
      comment:
        'sources and deliveries know nothing of one another but what lies beside them; so do registries, which share dubbo/ and registrations/',
      severity: 'error',
      from: { path: '^src/(sources|delivery)/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/$1/', pathNot: '^src/$1/($2/|[^/]+$)' },
    },
    {
      name: 'registries-do-not-meet',
      severity: 'error',
      from: { path: '^src/sources/registries/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/sources/registries/[^/]+/', pathNot: '^src/sources/registries/($1|dubbo|registrations)/' },
    },
    ...Object.entries(packages).map(([room, allowed]) => ({
      name: `${room}-packages`,
      comment: `${room} may use of npm: ${allowed.join(', ') || 'nothing'}`,
      severity: 'error',
      from: {
        path: room === 'codecs' ? '^codecs/' : `^src/${room}/`,
        pathNot: room === 'codecs' ? codecTests : '\\.test\\.ts$',
      },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
        ...(allowed.length === 0 ? {} : { pathNot: `node_modules/(${allowed.join('|')})/` }),
      },
    })),
    {
      name: 'one-room-knows-the-client-of-kubernetes',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kubernetes-api/' },
      to: { path: 'node_modules/@kubernetes/' },
    },
    {
      name: 'codecs-do-no-io',
      severity: 'error',
      from: { path: '^codecs/', pathNot: `${codecTests}|^codecs/codec-modules\\.ts$` },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|zlib)$' },
    },
    {
      name: 'main-asks-no-api-server',
      comment: 'main opens a cluster and hands it on; what is asked of it, and what is made of the answer, has a room',
      severity: 'error',
      from: { path: '^src/main/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/kubernetes-api/',
        pathNot: '^src/kubernetes-api/(api-server|cluster-access|token-review|plain-fields)\\.ts$',
      },
    },
    {
      name: 'a-cluster-is-opened-in-two-places',
      comment:
        'commands open one by src/cluster-commands/with-cluster.ts, which closes it; a control plane by src/main/kubernetes/cluster-plane.ts',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot:
          '^src/kubernetes-api/|^src/cluster-commands/with-cluster\\.ts$|^src/main/kubernetes/cluster-plane\\.ts$',
      },
      to: { path: '^src/kubernetes-api/cluster-access\\.ts$' },
    },
    {
      name: 'commands-in-a-cluster-do-not-meet',
      comment: 'but for what lies beside them; check looks at what install wrote',
      severity: 'error',
      from: { path: '^src/cluster-commands/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/cluster-commands/',
        pathNot: '^src/cluster-commands/($1/|[^/]+$|install/(install|inventory)\\.ts$)',
      },
    },
    {
      name: 'a-control-plane-runs-no-command',
      comment: 'what commands do in a cluster is loaded where the command tree asks for it',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot:
          '\\.test\\.ts$|^src/cluster-commands/|^src/main/(actions|kubernetes/installation|certificates/token-making)\\.ts$',
      },
      to: { path: '^src/cluster-commands/' },
    },
    {
      name: 'only-main-wires',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main/' },
      to: { path: '^src/main/' },
    },
    ...roomRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
