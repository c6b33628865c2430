import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { awesomerpc } from '../../../codecs/awesomerpc/awesomerpc.ts';
import type { ReplySource } from '../connections/call.ts';
import { FrameReader } from '../connections/frame-reader.ts';
import { Output } from '../connections/output.ts';
import { defaultProxyLimits } from '../connections/runtime.ts';
import { Turn } from '../connections/turn.ts';
import { Intake, Pause } from './intake.ts';
import { ReplyPressure } from './reply-pressure.ts';

const highWaterBytes = 1000;
const maxUnreadBytes = 10_000;

class Upstream implements ReplySource {
  readonly localAddress = '127.0.0.1:1';
  holds = 0;

  hold(): void {
    this.holds++;
  }

  unhold(): void {
    this.holds--;
  }
}

/** A caller's socket that takes nothing and sends nothing: what is written to it stays with us. */
class DeafSocket extends Socket {
  override _read(): void {}
  override _write(): void {}
  override _writev(): void {}
}

function deafCaller() {
  const socket = new DeafSocket();
  const output = new Output(socket, new Turn(), highWaterBytes, 'turn');
  const sink = { onFrame: () => {}, onUndecodable: () => {} };
  const reader = new FrameReader(awesomerpc.decoder('request', defaultProxyLimits), sink);
  const intake = new Intake(socket, reader, { onUndecodable: () => {}, onResumed: () => {} });
  const pressure = new ReplyPressure(output, intake, maxUnreadBytes);
  const reply = (bytes: number) => output.push(Buffer.alloc(bytes), 0, bytes);
  return { output, intake, pressure, reply };
}

it('takes no more requests from a caller that leaves its replies unread, until it has read them', () => {
  const { output, intake, pressure, reply } = deafCaller();
  reply(highWaterBytes);
  pressure.mindOutput();
  expect(intake.isPausedFor(Pause.replies)).toBe(false);
  reply(1);
  pressure.mindOutput();
  expect(intake.isPausedFor(Pause.replies)).toBe(true);
  output.relieve();
  expect(intake.isPausedFor(Pause.replies)).toBe(false);
});

it('stops each upstream connection of the caller once, and lets all go on when it has caught up', () => {
  const { output, pressure, reply } = deafCaller();
  const [one, other] = [new Upstream(), new Upstream()];
  reply(highWaterBytes + 1);
  for (const upstream of [one, other, one]) {
    pressure.mindOutput();
    pressure.hold(upstream);
  }
  expect([one.holds, other.holds]).toEqual([1, 1]);
  output.relieve();
  expect([one.holds, other.holds]).toEqual([0, 0]);
  pressure.release();
  expect([one.holds, other.holds]).toEqual([0, 0]);
});

it('lets upstream connections of a caller that has gone go on', () => {
  const { pressure } = deafCaller();
  const upstream = new Upstream();
  pressure.hold(upstream);
  pressure.release();
  expect(upstream.holds).toBe(0);
});

it('can bear as many unread bytes as the limit says, and not one more', () => {
  const { pressure, reply, output } = deafCaller();
  reply(6_000);
  output.flush();
  reply(4_000);
  expect(pressure.unbearable).toBe(false);
  reply(1);
  expect(pressure.unbearable).toBe(true);
});
