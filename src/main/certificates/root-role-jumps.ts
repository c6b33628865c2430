/**
 * Changes of a MeshRootCertificate's role that Open Service Mesh refuses, since they would take trust from somebody: from
 * active to inactive and back at once. Nothing is lost by them here (security/issuer-succession.ts); whoever moves his
 * manifests elsewhere should know. Told for as long as the role stays, by a process that saw it change.
 */
import type { Collection, Diff } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { MeshRootCertificate } from '../../resources/kinds.ts';

const done = {
  inactive: 'its root stays trusted until the last certificate that it signed has ended.',
  active: 'it signs once its root has been trusted for a while, as if it had been passive in between.',
} as const;

export class RootRoleJumps {
  /** By the key of the resource. */
  readonly #jumps = new Map<string, Finding>();
  readonly close: () => void;

  constructor(engine: Engine, roots: Collection<MeshRootCertificate>) {
    this.close = engine.sink(roots, (diff) => this.#take(diff));
  }

  findings(): readonly Finding[] {
    return [...this.#jumps.values()];
  }

  #take(diff: Diff<MeshRootCertificate>): void {
    for (const { key, before, after } of diff) {
      if (before !== undefined && before.spec.role === after?.spec.role) continue;
      this.#jumps.delete(key);
      const jump = before === undefined || after === undefined ? undefined : jumpOf(before, after);
      if (jump !== undefined) this.#jumps.set(key, jump);
    }
  }
}

function jumpOf(before: MeshRootCertificate, { metadata, spec }: MeshRootCertificate): Finding | undefined {
  const [from, to] = [before.spec.role, spec.role];
  if (from === 'passive' || to === 'passive' || from === to) return undefined;
  const { namespace, name, place } = metadata;
  return finding('ISTH1215', {
    object: { kind: 'MeshRootCertificate', namespace, name },
    ...(place === undefined ? {} : { place }),
    path: 'spec.role',
    message: `It went from ${from} to ${to} at once, which Open Service Mesh refuses. Here ${done[to]}`,
  });
}
