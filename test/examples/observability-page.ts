/** What docs/observability.md says of metrics. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/observability.md'), 'utf8');

/** Names in backticks, without the suffixes of a histogram's parts. */
export const namedMetrics: ReadonlySet<string> = new Set(
  [...page.matchAll(/`((?:isthmus|leader_election)_[a-z_0-9]+)`/g)].map(([, name = '']) => name),
);

/** Names in what Prometheus is told, without those that every program of Node has. */
export function metricsIn(text: string): readonly string[] {
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
  return names.filter((name) => !/^isthmus_(process|nodejs)_/.test(name));
}
