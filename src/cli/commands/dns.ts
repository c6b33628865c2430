/** Flags of the DNS server, which `isthmus run` has beside xDS. */
import { InvalidArgumentError, Option } from 'commander';
import { parsePositiveInteger } from '../output.ts';

export function dnsOptions(): Option[] {
  return [
    new Option('--dns <address>', 'serve DNS at this address, by UDP and TCP').env('ISTHMUS_DNS'),
    new Option(
      '--dns-upstream <address...>',
      'servers for names that are not of the mesh (default: those of resolv.conf)',
    ),
    new Option('--dns-allow <cidr...>', 'networks that may ask (default: loopback and private ones)'),
    new Option(
      '--dns-suffix <suffix...>',
      'suffixes below which a name that nobody declares does not exist; "none" where the upstream knows more of them, as a cluster\'s DNS does (default: the cluster domain)',
    ).argParser(parseSuffixes),
    new Option('--dns-ttl <seconds>', 'for how long an answer may be remembered')
      .argParser(parsePositiveInteger)
      .default(30),
    new Option('--dns-negative-ttl <seconds>', 'for how long it may be remembered that there is nothing')
      .argParser(parsePositiveInteger)
      .default(5),
  ];
}

function parseSuffixes(text: string, earlier: readonly string[] | undefined): readonly string[] {
  if (text === 'none') return earlier ?? [];
  const suffix = text.toLowerCase().replace(/^\.|\.$/g, '');
  if (!/^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(suffix)) throw new InvalidArgumentError('It is no domain name.');
  return [...(earlier ?? []), suffix];
}
