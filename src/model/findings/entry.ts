/** What the catalogue says of a finding. */
export type Severity = 'error' | 'warning' | 'info';

export interface CatalogueEntry {
  readonly severity: Severity;
  readonly title: string;
  /** Of the general case; a finding may have a more exact one. */
  readonly remedy: string;
}

export function entry(severity: Severity, title: string, remedy: string): CatalogueEntry {
  return { severity, title, remedy };
}
