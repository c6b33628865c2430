/** `isthmus proxy-status`: what each connected proxy has, acknowledged or refused, as against what it should have. */
import { Command } from 'commander';
import { ExitCode } from '../../model/errors.ts';
import type { Settle } from '../actions.ts';
import { type AdminTarget, adminGet, adminOptions } from '../admin-client.ts';
import { type OutputFormat, outputOption, printRows, printValue } from '../output.ts';

interface TypeStatus {
  readonly type: string;
  readonly state: string;
  readonly error?: string;
}

interface ProxyStatus {
  readonly id: string;
  readonly identity?: string;
  readonly kind: string;
  readonly namespace: string;
  readonly connectedSince: string;
  readonly types: readonly TypeStatus[];
}

export function proxyStatusCommand(settle: Settle): Command {
  const command = new Command('proxy-status')
    .description('Show whether each connected proxy has what it should have. Exits with 79 if one refused something.')
    .addHelpText('before', 'Example:\n  isthmus proxy-status\n')
    .argument('[proxy]', 'node id of one proxy, or the name of its workload where no other is called so')
    .addOption(outputOption());
  for (const option of adminOptions()) command.addOption(option);
  return command.action(async (id: string | undefined, flags: AdminTarget & { readonly output: OutputFormat }) => {
    const query = id === undefined ? '' : `/${encodeURIComponent(id)}`;
    const answer = (await adminGet(flags, `/api/v1/proxies${query}`)) as ProxyStatus | readonly ProxyStatus[];
    const proxies = 'id' in answer ? [answer] : answer;
    if (flags.output === 'table') printTable(proxies);
    else printValue(flags.output, answer);
    const refused = proxies.some((proxy) => proxy.types.some((type) => type.state === 'NACKED'));
    settle(refused ? ExitCode.findings : ExitCode.ok);
  });
}

const shownTypes = ['CDS', 'EDS', 'LDS', 'RDS'] as const;

function printTable(proxies: readonly ProxyStatus[]): void {
  // Anybody can state any id: of two that state the same, the identity says which is which.
  const nameOf = ({ id, identity }: ProxyStatus): string =>
    proxies.filter((proxy) => proxy.id === id).length > 1 ? `${id} (${identity ?? 'no identity'})` : id;
  const stateOf = (proxy: ProxyStatus, type: string): string =>
    proxy.types.find((status) => status.type === type)?.state ?? 'NOT SENT';
  printRows('table', proxies, [
    { title: 'NAME', value: nameOf },
    { title: 'KIND', value: (proxy) => proxy.kind },
    { title: 'NAMESPACE', value: (proxy) => proxy.namespace },
    ...shownTypes.map((type) => ({ title: type, value: (proxy: ProxyStatus) => stateOf(proxy, type) })),
    { title: 'CONNECTED', value: (proxy) => proxy.connectedSince },
  ]);
  const errors = proxies.flatMap((proxy) =>
    proxy.types.flatMap((status) => (status.error === undefined ? [] : [{ proxy: nameOf(proxy), ...status }])),
  );
  if (errors.length === 0) return;
  process.stdout.write('\n');
  printRows('table', errors, [
    { title: 'NAME', value: (row) => row.proxy },
    { title: 'TYPE', value: (row) => row.type },
    { title: 'REFUSED BECAUSE', value: (row) => row.error },
  ]);
}
