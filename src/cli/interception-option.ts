/** `--interception`, of all commands that say how connections come to a stock proxy. */
import { Option } from 'commander';
import { knownInterceptions } from '../model/proxy.ts';

export function interceptionOption(): Option {
  return new Option('--interception <mode>', 'how connections come to the proxy; none: it binds all its listeners')
    .choices(['none', ...knownInterceptions])
    .default('none');
}
