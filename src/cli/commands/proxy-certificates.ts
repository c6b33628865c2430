/** `isthmus proxy certificates`: keeps the certificate of a stock proxy fresh. */
import { Command, Option } from 'commander';
import type { Actions, CertificateKeepingWish, Settle } from '../actions.ts';
import { logOptions } from './logging.ts';

export function proxyCertificatesCommand(actions: Actions, settle: Settle): Command {
  const command = new Command('certificates')
    .description('Keep the certificate of a stock proxy fresh, until a signal.')
    .addHelpText(
      'before',
      'Example:\n  isthmus proxy certificates --xds-tls isthmus.corp:15012 --certificates ./certificates\n',
    )
    .addOption(
      new Option('--xds-tls <address>', 'where the control plane serves xDS over mutual TLS')
        .env('ISTHMUS_XDS_TLS')
        .makeOptionMandatory(),
    )
    .requiredOption('--certificates <folder>', 'as "isthmus proxy bootstrap" has it')
    .option('--token-file <file>', 'gets another certificate once the one there is has ended')
    .option('--roots <file>', 'roots that verify the control plane for that (default: those of the folder)')
    .option('--root-namespace <name>', 'as the MeshConfig has it', 'isthmus-system');
  for (const option of logOptions()) command.addOption(option);
  return command.action(async (flags: CertificateKeepingWish) => {
    settle(await actions.keepProxyCertificates(flags));
  });
}
