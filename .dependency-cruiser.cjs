/** Who may import whom: ../shared design, section 3. Types count as imports, but for the exceptions named. */
const rooms = {
  model: [],
  collections: ['model'],
  'xds-api': [],
  resources: ['model'],
  sources: ['model', 'resources', 'collections'],
  mesh: ['model', 'resources', 'collections'],
  translate: ['model', 'xds-api'],
  delivery: ['model', 'collections', 'translate', 'xds-api'],
  security: ['model', 'collections', 'translate', 'xds-api'],
  proxy: ['model', 'xds-api'],
  operations: ['model', 'collections'],
  console: ['operations', 'resources', 'translate', 'model'],
  cli: ['model', 'operations', 'resources', 'translate', 'xds-api'],
};

/** Rooms whose types, and nothing else, may be imported. */
const typesOnly = { translate: ['mesh', 'resources'] };

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
      from: { path: '^src/(translate|mesh|model|collections)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
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
