import { expect, it } from 'vitest';
import { createLogger } from '../operations/log.ts';
import { proxyNews } from './proxy-news.ts';

function news() {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'text' }, (line) => void lines.push(line.slice(9).trim()));
  return { lines, news: proxyNews(log) };
}

const address = '127.0.0.1:15010';
const reason = 'nothing listens there (connection refused)';

it('says of a control plane that never answered what is served meanwhile, and of a lost one what stays in force', () => {
  const { lines, news: told } = news();
  told.unreached({ address, reason, staticListeners: 0 });
  told.unreached({ address, reason, staticListeners: 2 });
  told.connected(address);
  told.disconnected({ address, reason, staticListeners: 0 });
  expect(lines).toEqual([
    `WARN  the control plane cannot be reached; trying again, and serving nothing until it answers address=${address} reason=${reason}`,
    `WARN  the control plane cannot be reached; trying again, and serving only the bootstrap file's own listeners until it answers address=${address} reason=${reason}`,
    `INFO  the control plane answers address=${address}`,
    `WARN  the control plane is lost; trying again, and serving its last good configuration address=${address} reason=${reason}`,
  ]);
});

it('says what becomes of frames that cannot be changed as their route asks', () => {
  const { lines, news: told } = news();
  const missed = { listener: 'in', protocol: 'shelf', route: 'r', side: 'request', fields: ['token'], reason } as const;
  told.mutationMissed({ ...missed, forwarded: false });
  told.mutationMissed({ ...missed, forwarded: true });
  expect(lines.map((line) => line.split(' listener=')[0])).toEqual([
    'WARN  a change that a route asks for cannot be made: an error is answered instead',
    'WARN  a change that a route asks for is left out: frames go on without it',
  ]);
  expect(lines[0]).toContain('route=r side=request fields=["token"]');
});
