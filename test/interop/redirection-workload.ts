/**
 * An application as they are: on all addresses of its machine, in the clear, knowing of no proxy. One port speaks HTTP and
 * says who called, one speaks first, one speaks TLS of its own, one is nobody's business but its own.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const name = process.argv[2];
createHttpServer((request, response) => {
  response.end(`${name} ${request.url} ${request.headers['x-forwarded-client-cert'] ?? ''}`);
}).listen(8080, '::');
createServer((socket) => socket.on('error', () => {}).end(`greeting of ${name}\n`)).listen(3306, '::');
createHttpServer((_, response) => response.end('private')).listen(9999, '::');
// A secret that both ends know is all the identity that this needs.
createTlsServer({ ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => Buffer.from('secret') }, (socket) => {
  socket.on('error', () => {}).end(`TLS of ${name} for ${socket.servername}\n`);
}).listen(8443, '::');
console.log('ready');
