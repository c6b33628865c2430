/** Sends a capture and prints the replies by their ids, in hexadecimal, a line each: `call.ts HOST:PORT CAPTURE REPLIES`. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { encodeParcel, type Parcel, readParcels } from './wire.ts';

const [target = '', capture = '', expected = '1'] = process.argv.slice(2);
const colon = target.lastIndexOf(':');
const socket = connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)), noDelay: true });
const replies: Parcel[] = [];
readParcels(socket, (reply) => {
  replies.push(reply);
  if (replies.length === Number(expected)) socket.destroy();
});
socket.on('error', (error) => console.error(`${target}: ${error.message}`));
socket.on('close', () => {
  for (const reply of replies.toSorted((a, b) => a.id - b.id)) console.log(encodeParcel(reply).toString('hex'));
  if (replies.length < Number(expected)) process.exitCode = 1;
});
socket.write(Buffer.from(readFileSync(capture, 'utf8').replace(/\s+/g, ''), 'hex'));
