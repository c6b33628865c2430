/** Sends lines and prints what comes back: `call.ts HOST:PORT LINE...`. Ends when every GET and PUT is answered. */
import { connect } from 'node:net';
import { Frame } from '../../codecs/codec.ts';
import { shelf } from './shelf.ts';

const [target = '', ...lines] = process.argv.slice(2);
const colon = target.lastIndexOf(':');
const socket = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
const decoder = shelf.decoder('response');
const frame = new Frame();
let bytes: Buffer = Buffer.alloc(0);
let awaited = lines.filter((line) => /^(GET|PUT) /.test(line)).length;
socket.on('data', (chunk) => {
  bytes = Buffer.concat([bytes, chunk]);
  while (decoder.decode(bytes, 0, bytes.length, frame)) {
    process.stdout.write(bytes.subarray(0, frame.length));
    bytes = bytes.subarray(frame.length);
    if (--awaited === 0) socket.destroy();
  }
});
socket.on('error', (error) => console.error(`${target}: ${error.message}`));
socket.on('close', () => {
  if (awaited > 0) process.exitCode = 1;
});
socket.write(lines.map((line) => `${line}\n`).join(''));
