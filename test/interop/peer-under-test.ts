import { findPeer } from '../peers/peers.ts';

/** The command of a peer; undefined when it is missing and tests may do without. With PEERS=required it throws then. */
export function peerUnderTest(name: string): string | undefined {
  const command = findPeer(name);
  if (command === undefined && process.env.PEERS === 'required') throw new Error(`missing peer: ${name}`);
  return command;
}
