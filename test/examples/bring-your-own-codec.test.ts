/** What the README of examples/bring-your-own-codec says, done. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { readSteps, runCommand, startCommand } from './readme.ts';

const root = path.resolve(import.meta.dirname, '../..');
const example = 'examples/bring-your-own-codec';
const steps = readSteps('bring-your-own-codec');

test('the test that the README names is there', () => {
  const named = steps.flatMap(({ command }) => /^npx vitest run (.*)$/.exec(command)?.[1] ?? []);
  expect(named).toHaveLength(1);
  for (const file of named) expect(existsSync(path.join(root, file)), file).toBe(true);
});

test('the bytes that the README decodes are the frames that it shows', async () => {
  const decode = steps.filter(({ command }) => command.includes('codec decode'));
  expect(decode).toHaveLength(1);
  for (const { command, output } of decode) expect(await runCommand(command)).toBe(output);
});

test('the service and the proxy that the README starts answer its call as it says', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-own-codec-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [listener = 0, first = 0, second = 0, admin = 0] = await freePorts(4);
  const adapt = (text: string): string =>
    text.replaceAll('7300', String(listener)).replaceAll('7301', String(first)).replaceAll('7302', String(second));
  const bootstrap = path.join(folder, 'bootstrap.yaml');
  writeFileSync(bootstrap, adapt(readFileSync(path.join(root, example, 'bootstrap.yaml'), 'utf8')));
  const adaptCommand = (command: string): string =>
    adapt(command)
      .replace(`${example}/bootstrap.yaml`, bootstrap)
      .replace(/service\.ts$/, `service.ts ${first} ${second}`)
      .replace(/isthmus proxy .*/, `$& --admin 127.0.0.1:${admin}`);
  const running = steps
    .filter(({ command, output }) => output === undefined && !command.startsWith('npx vitest'))
    .map(({ command }) => startCommand(adaptCommand(command)));
  onTestFinished(async () => {
    for (const one of running.toReversed()) await one.stop();
  });
  const call = steps.find(({ command }) => command.includes('call.ts'));
  if (call === undefined) throw new Error('the README has a call');
  await expect
    .poll(() => runCommand(adaptCommand(call.command)).catch((error: Error) => error.message))
    .toBe(call.output);
});
