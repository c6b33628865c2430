/** Bundles the program into dist/: one start file for each entry, and chunks that commands load when they need them. */
import { chmodSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '..');
const outdir = path.join(root, 'dist');

rmSync(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { isthmus: 'src/main/isthmus.ts', 'proxy-worker': 'src/proxy/workers/worker.ts' },
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
chmodSync(path.join(outdir, 'isthmus.mjs'), 0o755);
