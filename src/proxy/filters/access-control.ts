/**
 * Who may do what, bound to a codec. All that depends on the peer alone is worked out once for a connection: what is left
 * for a request is nothing, for most, or the conditions on its properties that are for this very peer.
 */
import type { Codec, Frame } from '../../../codecs/codec.ts';
import type { AccessPlan, PermissionPlan } from '../config/access-plan.ts';
import { PropertyView } from '../routing/property-view.ts';

/** What a peer may do: everything, nothing, or the requests that pass. */
export type Grant = 'all' | 'nothing' | RequestCheck;

/** Unclear: nobody can tell what a server would take the request for. */
export type Answer = 'admitted' | 'denied' | 'unclear';

export interface RequestCheck {
  /** May throw what the codec throws. */
  ask(bytes: Buffer, start: number, frame: Frame): Answer;
}

type Check = (view: PropertyView) => boolean;

/** What one filter leaves to be asked of a peer's requests. */
type Verdict = 'passes' | 'stops' | Check;

/** Grants are kept for so many peers. */
const MOST_PEERS = 10_000;

export class AccessControl {
  readonly #plans: readonly AccessPlan[];
  /** Undefined where requests are not read. */
  readonly #view: PropertyView | undefined;
  readonly #codec: Codec | undefined;
  readonly #grants = new Map<string | undefined, Grant>();

  constructor(plans: readonly AccessPlan[], codec: Codec | undefined) {
    this.#plans = plans;
    this.#codec = codec;
    this.#view = codec === undefined ? undefined : new PropertyView(codec);
  }

  /** `identity`: the SPIFFE id of a certificate that was verified. */
  grantOf(identity: string | undefined): Grant {
    const known = this.#grants.get(identity);
    if (known !== undefined) return known;
    const grant = this.#decide(identity);
    if (this.#grants.size >= MOST_PEERS) this.#grants.clear();
    this.#grants.set(identity, grant);
    return grant;
  }

  #decide(identity: string | undefined): Grant {
    const verdicts = this.#plans.map((plan) => this.#verdict(plan, identity));
    if (verdicts.includes('stops')) return 'nothing';
    const checks = verdicts.filter((verdict) => typeof verdict === 'function');
    const [view, codec] = [this.#view, this.#codec];
    if (checks.length === 0) return 'all';
    if (view === undefined || codec === undefined) return 'nothing';
    return { ask: (bytes, start, frame) => ask(checks, codec, view, bytes, start, frame) };
  }

  #verdict({ action, policies }: AccessPlan, identity: string | undefined): Verdict {
    const permissions = policies
      .filter(({ principals }) => principals.some((test) => test(identity)))
      .flatMap((policy) => policy.permissions);
    const ifHeld = action === 'allow' ? 'passes' : 'stops';
    if (permissions.length === 0) return action === 'allow' ? 'stops' : 'passes';
    if (permissions.some(({ kind }) => kind === 'any')) return ifHeld;
    const view = this.#view;
    if (view === undefined) return 'stops';
    const checks = permissions.map((permission) => bind(permission, view));
    return action === 'allow'
      ? (frame) => checks.some((check) => check(frame))
      : (frame) => !checks.some((check) => check(frame));
  }
}

/** A request passes when whatever a server may take it for passes. */
function ask(
  checks: readonly Check[],
  codec: Codec,
  view: PropertyView,
  bytes: Buffer,
  start: number,
  frame: Frame,
): Answer {
  view.open(bytes, start, frame);
  if (!checks.every((check) => check(view))) return 'denied';
  if (codec.otherReadings === undefined) return 'admitted';
  const others = codec.otherReadings(bytes, start, frame);
  if (others === undefined) return 'unclear';
  for (const other of others) {
    view.open(bytes, start, frame, other);
    if (!checks.every((check) => check(view))) return 'denied';
  }
  return 'admitted';
}

function bind(plan: PermissionPlan, view: PropertyView): Check {
  switch (plan.kind) {
    case 'any':
      return () => true;
    case 'property': {
      const { property, test } = plan.matcher;
      const number = view.number(property);
      return (frame) => test(frame.read(number));
    }
    case 'not': {
      const check = bind(plan.of, view);
      return (frame) => !check(frame);
    }
    case 'all': {
      const checks = plan.of.map((one) => bind(one, view));
      return (frame) => checks.every((check) => check(frame));
    }
    case 'one': {
      const checks = plan.of.map((one) => bind(one, view));
      return (frame) => checks.some((check) => check(frame));
    }
  }
}
