/** Migrations in prose. */
import type { MigrationPosition } from '../model/migration.ts';
import type { MigrationMove, MigrationStatus } from '../model/migration-status.ts';

export function formatPosition({ stage, share }: MigrationPosition): string {
  return stage === 'Shift' && share !== undefined ? `${stage} ${share} %` : stage;
}

export function formatMove({ checks, changes }: MigrationMove): string {
  return [
    'needs:',
    ...checks.map(({ what, isMet }) => `  ${isMet ? 'ok     ' : 'MISSING'} ${what}`),
    ...(checks.length === 0 ? ['  nothing'] : []),
    'changes:',
    ...changes.map((change) => `  ${change}`),
  ].join('\n');
}

/** `now` in milliseconds since the epoch. */
export function describeMigration(status: MigrationStatus, now: number): string {
  const { namespace, name, host, to, alias, stage, share, since, addresses, isRetired, ports, callers, next } = status;
  const age = since === undefined ? '' : `, for ${Math.max(0, Math.round((now - since) / 1000))} s`;
  const sides = ports.map(
    (port) =>
      `  Port ${port.port}: ${port.share} % of requests to the new endpoints; old ${port.from.healthy} of ${port.from.endpoints} healthy, new ${port.to.healthy} of ${port.to.endpoints}${port.toPort === undefined ? ' (no counterpart)' : ''}`,
  );
  return [
    `Migration ${name} in namespace ${namespace}`,
    `  Host:     ${host}${addresses.length === 0 ? '' : ` at ${addresses.join(', ')}`}`,
    `  To:       ${to}`,
    `  Alias:    ${alias ?? 'none'}`,
    `  Stage:    ${formatPosition({ stage, share })}${age}${isRetired ? '; the host is gone' : ''}`,
    ...sides,
    ...(callers.length === 0
      ? []
      : [`  Asked of the registry itself by ${callers.join(', ')}: they do not see the mesh`]),
    ...(next === undefined ? [] : [`Next: ${formatPosition(next.position)}`, formatMove(next)]),
  ].join('\n');
}
