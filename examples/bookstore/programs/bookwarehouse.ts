/** Restocks, and keeps its books in a MySQL server, which it asks by MariaDB's own client; in memory where there is none. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

const run = promisify(execFile);
const host = process.env.MYSQL;
const client = [
  '--no-defaults',
  '--protocol=tcp',
  `--host=${host}`,
  '--connect-timeout=5',
  '--batch',
  '--skip-column-names',
];

let inMemory = 0;
let ordered = 0;
let writing: Promise<number> | undefined;

const server = createServer((asked, response) => {
  asked.resume();
  if (asked.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  ordered += 1;
  book().then(
    (total) => response.end(`${total}\n`),
    (error: unknown) => response.writeHead(503).end(`${error}\n`),
  );
});
server.listen(14_001, '127.0.0.1');

/** The total once this order is in it. What comes while the database is asked goes there together, next. */
async function book(): Promise<number> {
  const before = writing;
  if (before !== undefined) await before.catch(() => {});
  writing ??= write().finally(() => {
    writing = undefined;
  });
  return writing;
}

async function write(): Promise<number> {
  const books = ordered;
  ordered = 0;
  if (host === undefined) {
    inMemory += books;
    return inMemory;
  }
  const statements = `UPDATE warehouse.books SET total = total + ${books}; SELECT total FROM warehouse.books`;
  const { stdout } = await run('mariadb', [...client, '--execute', statements]);
  return Number(stdout);
}
