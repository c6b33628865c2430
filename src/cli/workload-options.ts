/** Options of all commands that stand beside one workload. */
import { InvalidArgumentError, Option } from 'commander';

/** `--address`: several words, or one with commas, as Kubernetes writes the addresses of a Pod. */
export function addressOption(): Option {
  return new Option('--address <ip...>', "the workload's own addresses: inbound listeners stand on them").argParser<
    readonly string[]
  >((text, before = []) => [...before, ...text.split(',')]);
}

export function healthPortOption(): Option {
  return new Option(
    '--health-port <port>',
    'tell everybody at this port whether the proxy is ready: GET /ready',
  ).argParser((text) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new InvalidArgumentError('expected a port from 1 to 65535');
    return port;
  });
}
