/** What tests wait for may take as long here as in `expect.poll` (see vitest.config.ts), which has a setting for it. */
import { vi } from 'vitest';

const patience = { timeout: 30_000, interval: 20 };
const { waitFor, waitUntil } = vi;

vi.waitFor = async (check, options) =>
  waitFor(check, typeof options === 'number' ? options : { ...patience, ...options });
vi.waitUntil = async (check, options) =>
  waitUntil(check, typeof options === 'number' ? options : { ...patience, ...options });
