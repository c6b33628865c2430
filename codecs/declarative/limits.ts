/** The bounds of a description's frames; a connection's own limits may be tighter. */
import { defaultLimits } from '../codec.ts';
import type { DocumentNode } from './document.ts';

export interface Limits {
  readonly maxFrame: number;
  readonly maxHeader: number;
  readonly maxProperties: number;
}

const units: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 * 1024 };
const largestFrame = 1024 * 1024 * 1024;
const largestHeader = 1024 * 1024;

export function readLimits(node: DocumentNode): Limits {
  const part = node.members('maxFrame', 'maxHeader', 'maxProperties');
  return {
    maxFrame: readSize(part('maxFrame'), defaultLimits.maxFrameBytes, largestFrame),
    maxHeader: readSize(part('maxHeader'), defaultLimits.maxHeaderBytes, largestHeader),
    maxProperties: part('maxProperties').integer(1, 4096, 128),
  };
}

function readSize(node: DocumentNode, fallback: number, max: number): number {
  if (node.absent) return fallback;
  const parts = /^([1-9]\d{0,9})(KiB|MiB|)$/.exec(
    typeof node.value === 'string' || typeof node.value === 'number' ? `${node.value}` : '',
  );
  const size = Number(parts?.[1]) * (units[parts?.[2] ?? ''] ?? 1);
  if (size >= 1 && size <= max) return size;
  node.problem(
    'This is no size that can be allowed.',
    `Write a number of bytes, or 64KiB, or 16MiB; at most ${max} bytes.`,
  );
  return fallback;
}
