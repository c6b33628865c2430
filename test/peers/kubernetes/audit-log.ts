/** What an API server was asked, as it notes it itself: by whom, of what, and with what answer. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dump } from 'js-yaml';

export interface AuditedRequest {
  readonly verb: string;
  readonly requestURI: string;
  readonly user?: { readonly username?: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

export class AuditLog {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'isthmus-audit-'));

  /** Parameters of an API server that notes each request when it is over; of certain users alone where some are named. */
  parameters(users: readonly string[] = []): readonly string[] {
    const file = path.join(this.#folder, 'policy.yaml');
    const all = { level: 'Metadata', ...(users.length === 0 ? {} : { users }) };
    const rules = users.length === 0 ? [all] : [all, { level: 'None' }];
    const omitStages = ['RequestReceived', 'ResponseStarted'];
    writeFileSync(file, dump({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages, rules }));
    const log = path.join(this.#folder, 'log');
    return [`--audit-policy-file=${file}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'];
  }

  /** In the order in which they were answered; a watch, when it is over. */
  requests(): readonly AuditedRequest[] {
    return readdirSync(this.#folder)
      .filter((file) => file.startsWith('log'))
      .sort()
      .flatMap((file) => readFileSync(path.join(this.#folder, file), 'utf8').split('\n').slice(0, -1))
      .map((line): AuditedRequest => JSON.parse(line));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
