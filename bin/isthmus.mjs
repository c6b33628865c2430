#!/usr/bin/env node
/** What `npx isthmus` starts. In a clone the program itself is there only once it is built, and npx says nothing of why it is not. */
import { existsSync } from 'node:fs';

const program = new URL('../dist/isthmus.mjs', import.meta.url);
if (!existsSync(program)) {
  console.error('isthmus is not built yet: run "npm run build" in its folder first.');
  process.exit(69);
}
await import(program.href);
