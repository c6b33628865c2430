/** The upstream servers in force: those that were given, or those of resolv.conf, which is read again when none answers. */
import { readResolvConf, type UpstreamAddress } from './resolv-conf.ts';

const REFRESH_MS = 5000;

export class UpstreamList {
  readonly #isGiven: boolean;
  readonly #read: () => Promise<readonly UpstreamAddress[]>;
  readonly #own: UpstreamAddress[] = [];
  #current: readonly UpstreamAddress[];
  #refreshed = Number.NEGATIVE_INFINITY;

  constructor(given: readonly UpstreamAddress[] | undefined, read = readResolvConf) {
    this.#isGiven = given !== undefined;
    this.#read = read;
    this.#current = given ?? [];
  }

  get current(): readonly UpstreamAddress[] {
    return this.#current;
  }

  /** We are no upstream of our own: resolv.conf often names us, since that is how programs find us. */
  async exclude(own: UpstreamAddress): Promise<void> {
    this.#own.push(own);
    this.#current = this.#withoutOwn(this.#isGiven ? this.#current : await this.#read());
  }

  /** Not more often than every few seconds. */
  refresh(): void {
    const now = performance.now();
    if (this.#isGiven || now - this.#refreshed < REFRESH_MS) return;
    this.#refreshed = now;
    this.#read().then(
      (read) => {
        this.#current = this.#withoutOwn(read);
      },
      () => {},
    );
  }

  #withoutOwn(all: readonly UpstreamAddress[]): readonly UpstreamAddress[] {
    return all.filter(({ host, port }) => !this.#own.some((own) => own.port === port && reaches(host, own.host)));
  }
}

/** Whether who asks at `host` comes to who listens at `bound`. Of all addresses of a machine, loopback is known. */
function reaches(host: string, bound: string): boolean {
  const isAny = bound === '0.0.0.0' || bound === '::';
  return host === bound || (isAny && (host.startsWith('127.') || host === '::1'));
}
