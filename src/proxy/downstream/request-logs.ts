/** The access logs of one site: what to read of a request and of a reply, and the record at the end. */
import type { Frame } from '../../../codecs/codec.ts';
import type { MetaProtocolPlan } from '../config/metaprotocol-plan.ts';
import type { Call } from '../connections/call.ts';
import type { CodecFaults } from '../connections/codec-faults.ts';
import type { AccessLog, AccessLogFiles } from '../observation/access-log.ts';
import { PropertyView } from '../routing/property-view.ts';

/** The two ends of a downstream connection, as `address:port`. */
export interface ConnectionAddresses {
  readonly local: string;
  readonly remote: string;
}

export interface CallOutcome {
  readonly responseBytes: number;
  readonly failed: boolean;
  readonly detail: string;
  readonly upstreamLocalAddress: string;
  readonly properties: readonly (readonly (string | undefined)[])[];
}

interface BoundLog {
  readonly log: AccessLog;
  readonly request: readonly number[];
  readonly response: readonly number[];
}

const REQUEST_ID = 'x-request-id';

export class RequestLogs {
  readonly #plan: MetaProtocolPlan;
  readonly #view: PropertyView;
  readonly #logs: readonly BoundLog[];
  readonly #faults: CodecFaults;
  readonly readsReplies: boolean;
  /** Numbers of the properties that are the request's id, however a log spells it. */
  readonly #requestIds: ReadonlySet<number>;

  constructor(plan: MetaProtocolPlan, files: AccessLogFiles, faults: CodecFaults) {
    this.#plan = plan;
    this.#faults = faults;
    this.#view = new PropertyView(plan.codec);
    this.#logs = plan.accessLogs.map(({ path, format }) => ({
      log: files.open(path, format),
      request: format.requestProperties.map((name) => this.#view.number(name)),
      response: format.responseProperties.map((name) => this.#view.number(name)),
    }));
    const named = plan.accessLogs.flatMap(({ format }) => format.requestProperties);
    const requestIds = named.filter((name) => name.toLowerCase() === REQUEST_ID);
    this.#requestIds = new Set(requestIds.map((name) => this.#view.number(name)));
    this.readsReplies = this.#logs.some(({ response }) => response.length > 0);
  }

  /** For each log the values that it names, in its order; none of a frame whose properties cannot be read. */
  readRequest(bytes: Buffer, start: number, frame: Frame): readonly (readonly (string | undefined)[])[] {
    try {
      this.#view.open(bytes, start, frame);
      return this.#logs.map(({ request }) => request.map((number) => this.#view.read(number)));
    } catch (error) {
      return this.#unreadable(error);
    }
  }

  /** The request is sent with an id that the caller may not have given it: that is the one to look for elsewhere. */
  noteSent(call: Call, frame: Frame): void {
    const { logged } = call;
    if (logged === undefined || this.#requestIds.size === 0) return;
    try {
      this.#view.open(call.bytes, call.start, frame);
      call.logged = this.#logs.map(({ request }, log) =>
        request.map((number, at) => (this.#requestIds.has(number) ? this.#view.read(number) : logged[log]?.[at])),
      );
    } catch (error) {
      this.#unreadable(error);
    }
  }

  readReply(bytes: Buffer, start: number, frame: Frame): readonly (readonly (string | undefined)[])[] {
    try {
      this.#view.open(bytes, start, frame);
      return this.#logs.map(({ response }) => response.map((number) => this.#view.read(number)));
    } catch (error) {
      return this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): readonly [] {
    this.#faults.note(this.#plan.codec.name, error);
    return [];
  }

  /** `endedAt`: when the caller was done with it; the line may be written later. Both on the turn's clock. */
  write(call: Call, addresses: ConnectionAddresses, outcome: CallOutcome, now: number, endedAt = now): void {
    const startTime = Date.now() - (now - call.startedAt);
    this.#logs.forEach(({ log }, index) => {
      log.write({
        startTime,
        duration: endedAt - call.startedAt,
        requestBytes: call.requestBytes,
        responseBytes: outcome.responseBytes,
        responseCode: outcome.failed ? 1 : 0,
        detail: outcome.detail,
        termination: '',
        transportFailure: call.host === undefined && outcome.failed ? (call.cluster?.stats.lastError ?? '') : '',
        route: call.route?.name ?? '',
        cluster: call.cluster?.name ?? '',
        upstreamHost: call.host?.key ?? '',
        upstreamLocalAddress: outcome.upstreamLocalAddress,
        downstreamLocalAddress: addresses.local,
        downstreamRemoteAddress: addresses.remote,
        applicationProtocol: this.#plan.applicationProtocol,
        requestProperties: call.logged?.[index] ?? [],
        responseProperties: outcome.properties[index] ?? [],
      });
    });
  }
}
