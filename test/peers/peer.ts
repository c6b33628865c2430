/** What a peer is, whoever made it. */

export interface Peer {
  readonly name: string;
  /** What tests need it for. */
  readonly purpose: string;
  /** The command, when it is installed. */
  find(): string | undefined;
  /** Installs it; throws with the installer's words. */
  install(): void;
}
