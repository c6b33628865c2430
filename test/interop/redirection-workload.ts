/**
 * An application as they are: in the clear, on the address that it is told, which stands for all of its machine or for one,
 * and knowing of no proxy. One port speaks HTTP and says who called, one speaks first, one speaks TLS of its own, one is
 * nobody's business but its own.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const [, , name, address] = process.argv;
createHttpServer((request, response) => {
  response.end(`${name} ${request.url} ${request.headers['x-forwarded-client-cert'] ?? ''}`);
}).listen(8080, address);
createServer((socket) => socket.on('error', () => {}).end(`greeting of ${name}\n`)).listen(3306, address);
createHttpServer((_, response) => response.end('private')).listen(9999, address);
// A secret that both ends know is all the identity that this needs.
createTlsServer({ ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.from('secret') }, (socket) => {
  socket.on('error', () => {}).end(`TLS of ${name} for ${socket.servername}\n`);
}).listen(8443, address);
console.log('ready');
