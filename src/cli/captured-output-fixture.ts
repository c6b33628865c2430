/** What a command line prints, kept from the terminal. */
import { vi } from 'vitest';

export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let before: Promise<unknown> = Promise.resolve();

/** One at a time: there is one standard output. */
export async function captured(run: () => Promise<number>): Promise<Captured> {
  const turn = before.then(async () => capture(run));
  before = turn.catch(() => {});
  return turn;
}

async function capture(run: () => Promise<number>): Promise<Captured> {
  let [stdout, stderr] = ['', ''];
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    stderr += String(chunk);
    return true;
  });
  try {
    return { code: await run(), stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
