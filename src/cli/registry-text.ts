/** Registries in prose. */
import type { Finding } from '../model/finding.ts';
import type { RegistryStatus } from '../model/registry.ts';
import { visibleText } from '../model/visible-text.ts';
import type { BridgedService } from './actions.ts';
import { formatFinding, sortFindings } from './findings.ts';

export function describeStatus(status: RegistryStatus): string {
  const held = status.held.map(
    (one) =>
      `  ${heldName(one.service)} ${one.instances === undefined ? 'is gone' : `lost ${one.instances} instances`}, held for ${age(one.since)}`,
  );
  return [
    `Registry ${status.registry}`,
    `  State:          ${describeState(status)}`,
    `  Last complete:  ${age(status.lastComplete)}`,
    `  Services:       ${status.services}${status.awaited === 0 ? '' : `, ${status.awaited} to be read`}`,
    `  Instances:      ${status.instances}`,
    `  Held deletions: ${held.length === 0 ? 'none' : held.length}`,
    ...held,
  ]
    .map(visibleText)
    .join('\n');
}

/** What is live can have something wrong with a part of it. */
function describeState({ state, reason }: RegistryStatus): string {
  if (reason === '') return state;
  return state === 'live' ? `live, but for a part: ${reason}` : `${state}: ${reason}`;
}

/** As `kubectl describe` ends with events. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = sortFindings(findings).map((one) => `  ${formatFinding(one)}`);
  return lines.length === 0 ? '  Findings:       none' : [`  Findings:       ${lines.length}`, ...lines].join('\n');
}

export function describeBridged({ service, host, up, instances, refused }: BridgedService): string {
  const without = refused === 0 ? '' : `, ${refused} more refused`;
  return visibleText(`  ${service} -> ${host ?? '(refused)'}, ${up} of ${instances} instances up${without}`);
}

/** As `registry services` names it: without the registry, and without what is empty. */
export function heldName(key: string): string {
  const [, ...parts] = key.split('/');
  return parts
    .filter((part) => part !== '')
    .map(decodeURIComponent)
    .join('/');
}

export function age(since: number | undefined): string {
  if (since === undefined) return 'never';
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
  if (seconds < 120) return `${seconds}s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)}m` : `${Math.round(seconds / 3600)}h`;
}
