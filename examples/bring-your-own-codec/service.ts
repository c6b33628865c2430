/** Two shelves, apart from each other: `service.ts [PORT PORT]`. A process that runs today, and knows nothing of a mesh. */
import { createServer, type Socket } from 'node:net';

const ports = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [7301, 7302];

function serve(socket: Socket, values: Map<string, string>): void {
  let text = '';
  socket.on('error', () => {});
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += String(chunk);
    for (
      let line = /^(GET|PUT) (\S+)(?: (\d+))?\n/.exec(text);
      line !== null;
      line = /^(GET|PUT) (\S+)(?: (\d+))?\n/.exec(text)
    ) {
      const [head, verb, key = '', size] = line;
      const dataEnd = head.length + Number(size ?? -1) + 1;
      if (verb === 'PUT' && text.length < dataEnd) return;
      const value = values.get(key);
      if (verb === 'PUT') values.set(key, text.slice(head.length, dataEnd - 1));
      text = text.slice(verb === 'PUT' ? dataEnd : head.length);
      const found = value === undefined ? 'NONE\n' : `VALUE ${value.length}\n${value}\n`;
      socket.write(verb === 'PUT' ? 'STORED\n' : found, 'latin1');
    }
  });
}

ports.forEach((port, i) => {
  const values = new Map([['shelf', `shelf ${i + 1}`]]);
  const server = createServer((socket) => serve(socket, values));
  server.listen(port, '127.0.0.1', () => console.log(`shelf ${i + 1} listens on 127.0.0.1:${port}`));
});
