/** What the kernel says that a process costs. https://www.man7.org/linux/man-pages/man5/proc.5.html */
import { readFileSync } from 'node:fs';

/** Of its memory, in bytes, what is resident. */
export function rssBytes(pid: number): number {
  return memory(pid, 'VmRSS');
}

/** The most that it was. */
export function peakRssBytes(pid: number): number {
  return memory(pid, 'VmHWM');
}

/** User and system time in microseconds; the kernel counts in hundredths of a second. */
export function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function memory(pid: number, field: string): number {
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
