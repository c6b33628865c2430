import { expect, it } from 'vitest';
import { Contact } from './contact.ts';

const gone = { reason: 'nothing listens there', refused: false };
const refusal = (reason: string) => ({ reason, refused: true });

function contact() {
  const told: string[] = [];
  const news = new Contact({
    connected: () => void told.push('heard'),
    unreached: (reason) => void told.push(`never: ${reason}`),
    disconnected: (reason) => void told.push(`lost: ${reason}`),
  });
  return { told, news };
}

it('tells a control plane that was never reached from one that was lost, each once', () => {
  const { told, news } = contact();
  for (let attempt = 0; attempt < 3; attempt++) news.failed(gone);
  expect(news.unreachedBecause).toBe('nothing listens there');
  news.heard();
  news.heard();
  expect(news.unreachedBecause).toBeUndefined();
  for (let attempt = 0; attempt < 3; attempt++) news.failed(gone);
  expect(news.unreachedBecause).toBeUndefined();
  news.heard();
  news.failed(gone);
  expect(told).toEqual([
    'never: nothing listens there',
    'heard',
    'lost: nothing listens there',
    'heard',
    'lost: nothing listens there',
  ]);
});

it('tells also when one that could not be reached answers, and refuses; never without end', () => {
  const { told, news } = contact();
  news.failed(gone);
  news.failed(refusal('no token'));
  news.failed(gone);
  news.failed(refusal('no token'));
  expect(told).toEqual(['never: nothing listens there', 'never: no token']);
  for (let index = 0; index < 100; index++) news.failed(refusal(`no token ${index}`));
  expect(told).toHaveLength(5);
});
