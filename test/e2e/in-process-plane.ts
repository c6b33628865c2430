/** For tests: a control plane in this process over a folder of its own. Both are gone when the test is. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../src/main/control-plane.ts';
import type { ShownLease } from '../../src/model/virtual-ip.ts';
import { createLogger } from '../../src/operations/log.ts';
import { temporaryFolder } from './isthmus-process.ts';

const silent = createLogger({ level: 'error', format: 'json' }, () => {});

/** A service `<name>.shop.mesh` with one endpoint. */
export const serviceEntry = (name: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  ports: [{ number: 9090, name: tcp }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
`;

export class InProcessPlane {
  readonly folder: string;
  plane: ControlPlane | undefined;

  static async create(): Promise<InProcessPlane> {
    const created = new InProcessPlane(await temporaryFolder());
    onTestFinished(() => created.stop());
    return created;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A path in the folder. */
  at(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(this.at(name), text);
  }

  /** Resolves when the admin address answers, which may be long before anybody is served. */
  async open(files: readonly string[], more: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> {
    const plane = await startControlPlane(
      {
        files: files.map((file) => this.at(file)),
        stateFolder: this.at('state'),
        xds: '127.0.0.1:0',
        admin: '127.0.0.1:0',
        insecureXds: false,
        registryWait: 0.2,
        dnsTtl: 30,
        dnsNegativeTtl: 5,
        ...more,
      },
      silent,
    );
    plane.serving.catch(() => {});
    this.plane = plane;
    return plane;
  }

  /** As open, and waits until it serves. */
  async serve(files: readonly string[], more: Partial<ControlPlaneOptions> = {}): Promise<ControlPlane> {
    const plane = await this.open(files, more);
    await plane.serving;
    return plane;
  }

  async stop(): Promise<void> {
    await this.plane?.stop();
    this.plane = undefined;
  }

  /** Asks the admin address. */
  async fetch(from: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`http://${this.plane?.adminAddress}${from}`, options);
  }

  async ask<T>(from: string, options: RequestInit = {}): Promise<T> {
    const body: T = JSON.parse(await (await this.fetch(from, options)).text());
    return body;
  }

  async leases(): Promise<readonly ShownLease[]> {
    return this.ask('/api/v1/virtual-ips');
  }

  async leaseOf(key: string): Promise<ShownLease | undefined> {
    return (await this.leases()).find((lease) => lease.key === key);
  }

  codes(): readonly string[] {
    return this.plane?.findings().map(({ code }) => code) ?? [];
  }
}
