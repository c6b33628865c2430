import fc from 'fast-check';
import { expect, it } from 'vitest';
import { awesomerpc } from '../../../codecs/awesomerpc/awesomerpc.ts';
import { Frame } from '../../../codecs/codec.ts';
import { Call } from '../connections/call.ts';
import { SlotTable } from './slot-table.ts';

function packet(id: number): { bytes: Buffer; frame: Frame } {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(id, 1);
  bytes.writeUInt32BE(13, 5);
  return { bytes, frame: decoded(bytes) };
}

function decoded(bytes: Buffer): Frame {
  const frame = new Frame();
  awesomerpc.decoder('response').decode(bytes, 0, bytes.length, frame);
  return frame;
}

/** Sends a call of that id; gives it and the reply that a server would send. */
function send(table: SlotTable, id: number): { call: Call; reply: Buffer } {
  const { bytes, frame } = packet(id);
  const call = new Call();
  call.idLow = id;
  table.add(call, bytes, 0, frame);
  return { call, reply: bytes };
}

it('gives equal ids different ones on the wire, and the callers their own back', () => {
  const table = new SlotTable(awesomerpc, 1);
  const [one, two] = [send(table, 7), send(table, 7)];
  expect(one.reply.equals(two.reply)).toBe(false);
  expect(table.take(two.reply, 0, decoded(two.reply))).toBe(two.call);
  expect(table.take(one.reply, 0, decoded(one.reply))).toBe(one.call);
  expect([one.reply.readUInt32BE(1), two.reply.readUInt32BE(1)]).toEqual([7, 7]);
  expect(table.size).toBe(0);
});

it('takes an answer that comes twice, or late, for nobody, also when its slot is in use again', () => {
  const table = new SlotTable(awesomerpc, 1);
  const first = send(table, 1);
  const again = Buffer.from(first.reply);
  table.take(first.reply, 0, decoded(first.reply));
  expect(table.take(again, 0, decoded(again))).toBeUndefined();
  const second = send(table, 2);
  expect(table.take(again, 0, decoded(again))).toBeUndefined();
  expect(table.take(second.reply, 0, decoded(second.reply))).toBe(second.call);
});

it('never takes an answer to a request without reply for another call', () => {
  const table = new SlotTable(awesomerpc, 1);
  const call = send(table, 1);
  const oneway = packet(call.reply.readUInt32BE(1));
  table.passOneway(oneway.bytes, 0, oneway.frame);
  expect(table.take(oneway.bytes, 0, decoded(oneway.bytes))).toBeUndefined();
  expect(table.size).toBe(1);
});

it('keeps ids above zero and below 2^31, over more uses of a slot than there are generations', () => {
  const table = new SlotTable(awesomerpc, 2);
  const seen = new Set<number>();
  for (let use = 0; use < 140_000; use++) {
    const { reply, call } = send(table, use);
    const id = reply.readInt32BE(1);
    if (id <= 0) throw new Error(`id ${id}`);
    seen.add(id);
    expect(table.take(reply, 0, decoded(reply)) === call).toBe(true);
  }
  expect(seen.size).toBe(2 * 0x7fff);
});

it('uses no id a second time while its slot has not rested as long as others, and loses none of them', () => {
  const steps = fc.array(fc.oneof(fc.constant('send' as const), fc.nat(20)), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (resting, all) => {
      const table = new SlotTable(awesomerpc, resting);
      const flying: { call: Call; reply: Buffer }[] = [];
      const ids = new Set<number>();
      let sent = 0;
      for (const step of all) {
        if (step === 'send') {
          const one = send(table, sent++);
          ids.add(one.reply.readUInt32BE(1));
          flying.push(one);
        } else {
          const [one] = flying.splice(step % Math.max(1, flying.length), 1);
          if (one !== undefined) expect(table.take(one.reply, 0, decoded(one.reply))).toBe(one.call);
        }
        expect(table.size).toBe(flying.length);
      }
      expect(ids.size).toBe(sent);
    }),
  );
});

it('gives the id of a late answer to nobody else in a hundred thousand requests one after the other', () => {
  const table = new SlotTable(awesomerpc, 4096);
  const late = send(table, 1);
  table.remove(
    () => true,
    () => {},
  );
  for (let use = 0; use < 100_000; use++) {
    const { reply } = send(table, use);
    if (reply.readUInt32BE(1) === late.reply.readUInt32BE(1)) throw new Error(`again after ${use} requests`);
    table.take(reply, 0, decoded(reply));
  }
  const { call, reply } = send(table, 2);
  expect(table.take(late.reply, 0, decoded(late.reply))).toBeUndefined();
  expect(table.take(reply, 0, decoded(reply))).toBe(call);
});
