/** Generic calls of Dubbo in frames made by hand, which may name one service in their head and another in an attachment. */
import { expect } from 'vitest';
import { attachmentMap, callBody, dubboFrame } from '../../codecs/dubbo/dubbo-frames.ts';
import { text } from '../../codecs/dubbo/hessian-writer.ts';
import { dubboClient, Flag, textOf } from '../e2e/dubbo-peers.ts';

export interface GenericCall {
  readonly method: string;
  readonly argument: string;
  /** In the head of the body; by default that of the path. */
  readonly interface?: string;
  readonly path?: string;
  readonly descriptor?: string;
}

const usual = 'Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;';

/** The result, or the error's text, of a call on a connection of its own. */
export async function callGenerically(port: number, host: string, call: GenericCall): Promise<string> {
  const { method, argument, path = 'desk.DeskService' } = call;
  const { socket, replies } = await dubboClient(port, host);
  const body = callBody({
    interface: call.interface ?? path,
    method: '$invoke',
    descriptor: call.descriptor ?? usual,
    arguments: [
      text(method),
      { is: 'list', type: '[string', items: [text('java.lang.String')] },
      { is: 'list', type: '[object', items: [text(argument)] },
    ],
    attachments: attachmentMap({ path, generic: 'true' }),
  });
  socket.write(dubboFrame({ flags: Flag.call, body }));
  await expect.poll(() => replies.length, { timeout: 30_000 }).toBe(1);
  socket.destroy();
  const [reply] = replies;
  return reply === undefined ? '' : textOf(reply);
}
