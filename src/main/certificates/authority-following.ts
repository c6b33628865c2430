/** Keeps an opened authority at what the settings say: who signs, for how long, and which other trust domains are believed. */
import { systemClock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { Logger } from '../../operations/log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { MeshAuthority } from './mesh-authority.ts';
import { RootRoleJumps } from './root-role-jumps.ts';
import { TrustBundleFiles } from './trust-bundle-files.ts';

export class AuthorityFollowing {
  readonly #authority: MeshAuthority;
  readonly #bundles: TrustBundleFiles;
  readonly #jumps: RootRoleJumps;
  readonly #stop: () => void;

  /** The trust domain of the mesh is that of the authority from here on. */
  constructor({ engine, mesh, resources, fixedTrustDomain }: Pipeline, authority: MeshAuthority, log: Logger) {
    this.#authority = authority;
    this.#bundles = new TrustBundleFiles(authority.bundles, systemClock, log);
    this.#jumps = new RootRoleJumps(engine, resources.MeshRootCertificate);
    engine.batch(() => fixedTrustDomain.set(authority.issuer.trustDomain));
    this.#stop = engine.sink(mesh.certificates, (diff) => {
      const wanted = diff.at(-1)?.after;
      if (wanted === undefined) return;
      void this.#bundles.want(wanted.trustBundles);
      authority
        .want(wanted)
        .catch((error: unknown) => log.error({ reason: messageOf(error) }, 'the issuer is not taken over'));
    });
  }

  findings(): readonly Finding[] {
    return [...this.#authority.findings(), ...this.#bundles.findings(), ...this.#jumps.findings()];
  }

  async close(): Promise<void> {
    this.#stop();
    this.#jumps.close();
    this.#bundles.close();
    await this.#authority.close();
  }
}
