/** `isthmus proxy intercept`: how connections of a workload come to its proxy. The one command that changes the network. */
import { Argument, Command } from 'commander';
import type { Actions, InterceptionWay, Settle } from '../actions.ts';

export function proxyInterceptCommand(actions: Actions, settle: Settle): Command {
  return new Command('intercept')
    .description('Lead connections of this network namespace to the proxy. It needs CAP_NET_ADMIN.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus proxy intercept route up\n  isthmus proxy intercept redirect up --proxy-user 1337\n  isthmus proxy intercept route --help\n',
    )
    .addArgument(
      new Argument('<way>', 'route: virtual IPs are local; redirect: by nftables').choices(['route', 'redirect']),
    )
    .argument('[parameters...]', 'up, down or status, and what belongs to it')
    .helpOption(false)
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (way: InterceptionWay, parameters: readonly string[]) => {
      settle(await actions.intercept(way, parameters));
    });
}
