/**
 * Bundles the program into dist/: one start file for each entry, and chunks that commands load when they need them. Beside
 * it what codecs of users import, with its types.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';

const root = path.resolve(import.meta.dirname, '..');
const outdir = path.join(root, 'dist');

/** `exports` in package.json names what becomes of these. */
const codecKit = { codec: 'codecs/codec.ts', 'codec-conformance': 'codecs/conformance/checks.ts' };

rmSync(outdir, { recursive: true, force: true });
const bundling = build({
  absWorkingDir: root,
  entryPoints: { isthmus: 'src/main/isthmus.ts', 'proxy-worker': 'src/proxy/workers/worker.ts', ...codecKit },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  legalComments: 'none',
  banner: {
    // CommonJS packages inside the bundle still call require for Node's own modules.
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  loader: { '.yaml': 'text' },
  logLevel: 'warning',
});
// esbuild works in a process of its own meanwhile.
declare(Object.values(codecKit));
await bundling;
chmodSync(path.join(outdir, 'isthmus.mjs'), 0o755);

/** Types of sources under codecs/, to dist/types/. */
function declare(files: readonly string[]): void {
  const program = ts.createProgram(
    files.map((file) => path.join(root, file)),
    {
      rootDir: path.join(root, 'codecs'),
      outDir: path.join(outdir, 'types'),
      declaration: true,
      emitDeclarationOnly: true,
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2024,
      types: ['node'],
      strict: true,
      // `npm run lint` checks them.
      noCheck: true,
    },
  );
  // The sources import one another by the names of their files, which are not shipped.
  program.emit(undefined, (file, text) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text.replace(/( from '\.[^']*)\.ts'/g, "$1.js'"));
  });
}
