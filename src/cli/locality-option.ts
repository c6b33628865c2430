/** `--locality`, of all commands that say where a proxy is. */
import { InvalidArgumentError, Option } from 'commander';
import type { Locality } from '../model/endpoint.ts';

export function localityOption(): Option {
  return new Option('--locality <place>', 'region/zone[/subzone]: endpoints near to it are called first').argParser(
    readLocality,
  );
}

function readLocality(text: string): Locality {
  const [region = '', zone = '', subzone = '', ...more] = text.split('/');
  if (more.length > 0 || (region === '' && zone === '')) throw new InvalidArgumentError('Write region/zone.');
  return { region, zone, subzone };
}
