/** Two versions of a service that speaks parcel: `service.ts [PORT_OF_V1 PORT_OF_V2]`. Each reply says who served it. */
import { createServer } from 'node:net';
import { encodeLabel, encodeParcel, Flag, readParcels } from './wire.ts';

const ports = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [7201, 7202];

ports.forEach((port, i) => {
  const version = `v${i + 1}`;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    readParcels(socket, ({ flags, id, labels, body }) => {
      if ((flags & Flag.oneway) !== 0) return;
      const served = Buffer.concat([labels, encodeLabel('served-by', version)]);
      socket.write(encodeParcel({ flags: Flag.reply, id, labels: served, body }));
    });
  });
  server.listen(port, '127.0.0.1', () => console.log(`${version} listens on 127.0.0.1:${port}`));
});
