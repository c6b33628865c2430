/**
 * All findings in force, from one place: of the sources of resources, of derivations, and of each part of the control
 * plane that registered here when it started. Whatever shows or counts findings reads them here.
 */
import type { Finding } from '../model/finding.ts';
import type { Pipeline } from './pipeline.ts';
import { allFindings } from './views/admin-views.ts';

export class FindingSources {
  readonly #pipeline: Pipeline;
  readonly #sources = new Set<() => readonly Finding[]>();

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** In the order in which they are to be shown; returns how to take it back. */
  register(source: () => readonly Finding[]): () => void {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  readonly all = (): readonly Finding[] => allFindings(this.#pipeline, this.ofParts());

  /** Of what registered here alone. */
  readonly ofParts = (): readonly Finding[] => [...this.#sources].flatMap((source) => source());
}
