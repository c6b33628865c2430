/** Sells books. For each it has the warehouse restock, and says in a header what came of that. */
import { Agent, createServer, request } from 'node:http';

const identity = process.env.IDENTITY ?? 'bookstore';
const warehouse = process.env.BOOKWAREHOUSE ?? 'http://bookwarehouse.bookwarehouse.svc.cluster.local:14001';
const agent = new Agent({ keepAlive: true });
let sold = 0;

const server = createServer((asked, response) => {
  response.setHeader('identity', identity);
  const path = asked.url ?? '/';
  if (/a-book.*new/.test(path)) {
    sold += 1;
    void restock().then((restocked) => response.setHeader('restocked', restocked).end(`${sold}\n`));
  } else {
    response.end(`${sold}\n`);
  }
});
server.listen(14_001, '127.0.0.1');

/** The status of the answer, or why there is none. */
function restock(): Promise<string> {
  return new Promise((resolve) => {
    const restocking = request(`${warehouse}/restock-books`, { method: 'POST', agent, timeout: 10_000 }, (response) => {
      response.resume().once('end', () => resolve(String(response.statusCode)));
      response.once('error', () => resolve('ECUT'));
    });
    restocking.once('timeout', () => restocking.destroy());
    restocking.once('error', (error) => resolve(String('code' in error ? error.code : error.name)));
    restocking.end('1');
  });
}
