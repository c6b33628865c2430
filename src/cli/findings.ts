/** How findings are printed: one line a finding, as compilers do, so that editors can jump to it. */
import { endSentence, type Finding, formatObject } from '../model/finding.ts';
import { visibleText } from '../model/visible-text.ts';
import { formatJson, formatYaml, type OutputFormat, print, say } from './output.ts';
import { palette } from './palette.ts';

const colours = { error: palette.red, warning: palette.yellow, info: palette.cyan } as const;

export function formatFinding(finding: Finding): string {
  const { place } = finding;
  const where = place === undefined ? '' : `${visibleText(place.file)}:${place.line}:${place.column}: `;
  const path = finding.path === '' ? '' : ` ${visibleText(finding.path)}`;
  const severity = colours[finding.severity](finding.severity);
  const remedy = finding.remedy === '' ? '' : ` ${palette.dim(visibleText(finding.remedy))}`;
  return `${where}${severity} ${finding.code} ${visibleText(formatObject(finding.object))}${path}: ${visibleText(endSentence(finding.message))}${remedy}`;
}

/** By file and place, then by object: the order in which a person mends them. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const key = (finding: Finding): string =>
    [
      finding.place?.file ?? '\uffff',
      String(finding.place?.line ?? 0).padStart(9, '0'),
      String(finding.place?.column ?? 0).padStart(9, '0'),
      formatObject(finding.object),
      finding.path,
      finding.code,
      finding.message,
    ].join('\u0000');
  return findings
    .map((finding) => ({ finding, key: key(finding) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((entry) => entry.finding);
}

export function countBySeverity(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']): number => findings.filter((f) => f.severity === severity).length;
  const part = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
  return `${part(count('error'), 'error')}, ${part(count('warning'), 'warning')}, ${count('info')} info`;
}

export function printFindings(format: OutputFormat, findings: readonly Finding[], summary: string): void {
  const sorted = sortFindings(findings);
  if (format === 'json') print(formatJson(sorted));
  else if (format === 'yaml') print(formatYaml(sorted));
  else if (sorted.length > 0) print(sorted.map(formatFinding).join('\n'));
  say(summary);
}

/**
 * For commands that print something else: what was found, to standard error. Where there is an error, with what it means
 * for what was printed; answers whether there is.
 */
export function sayFindings(findings: readonly Finding[], ifError: string): boolean {
  for (const finding of sortFindings(findings)) if (finding.severity !== 'info') say(formatFinding(finding));
  const failed = findings.some((finding) => finding.severity === 'error');
  if (failed) say(`${countBySeverity(findings)}. ${ifError}`);
  return failed;
}
