/** `npm run bench [NAME...]`: runs the benches one after the other, each in a process of its own, and prints their JSON. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const wanted = process.argv.slice(2);
const benches = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)))
  .sort();

const results: Record<string, unknown> = {};
for (const file of benches) {
  console.error(`bench: ${file}`);
  const output = execFileSync(process.execPath, [path.join(import.meta.dirname, file)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  results[file.replace('.bench.ts', '')] = JSON.parse(output);
}
console.log(JSON.stringify(results, undefined, 2));
