/** Proxies of a secured mesh for benches, in a process of their own: what they are told, and when they had acknowledged it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { SecuredShape } from './secured-mesh-files.ts';

export type FleetOrder =
  | {
      readonly kind: 'connect';
      readonly port: number;
      readonly shape: SecuredShape;
      readonly services: readonly number[];
    }
  | { readonly kind: 'await'; readonly responses: number }
  | { readonly kind: 'tell' };

export interface FleetResponse {
  /** Beside whose workload the proxy is. */
  readonly service: number;
  readonly type: string;
  /** Milliseconds, as machineTime() has them. */
  readonly at: number;
}

export type FleetReport =
  | { readonly kind: 'ready'; readonly at: number }
  | { readonly kind: 'acknowledged'; readonly responses: readonly FleetResponse[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Milliseconds of a clock that all processes of the machine share. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class ProxyFleet {
  readonly #process: ChildProcess;

  constructor() {
    const program = path.join(import.meta.dirname, 'simulated-proxies.ts');
    this.#process = fork(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  /** Resolves with the time at which all of them had all that they asked for. `services`: whose proxies; all when absent. */
  async connect(xds: string, shape: SecuredShape, services?: readonly number[]): Promise<number> {
    const port = Number(xds.slice(xds.lastIndexOf(':') + 1));
    const whose = services ?? Array.from({ length: shape.services }, (_, at) => at);
    const report = await this.#ask({ kind: 'connect', port, shape, services: whose });
    if (report.kind !== 'ready') throw new Error(`expected that they are ready: ${report.kind}`);
    return report.at;
  }

  /** The next responses once there are as many, since the last call. */
  async responses(count: number): Promise<readonly FleetResponse[]> {
    return acknowledged(await this.#ask({ kind: 'await', responses: count }));
  }

  /** Those since the last call, how many soever. */
  async soFar(): Promise<readonly FleetResponse[]> {
    return acknowledged(await this.#ask({ kind: 'tell' }));
  }

  async close(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.disconnect();
    await gone;
  }

  async #ask(order: FleetOrder): Promise<FleetReport> {
    const reported = new Promise<FleetReport>((resolve) => this.#process.once('message', resolve));
    this.#process.send(order);
    const report = await reported;
    if (report.kind === 'failed') throw new Error(report.message);
    return report;
  }
}

function acknowledged(report: FleetReport): readonly FleetResponse[] {
  if (report.kind !== 'acknowledged') throw new Error(`expected responses: ${report.kind}`);
  return report.responses;
}
