/** What becomes of a status when the API server did not do as it was asked. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { endSentence } from '../../../model/finding.ts';
import type { WorkResult } from '../queue/work-queue.ts';
import { isOfServer, writeFailureOf } from '../queue/write-failure.ts';
import { placeParts } from './kind-statuses.ts';
import type { StatusDesk } from './status-desk.ts';

/** `place`: empty for the kind as a whole. Throws what is no failure of the API's. */
export function failed(desk: StatusDesk, kind: string, place: string, error: unknown): WorkResult {
  desk.around.onResult('failed');
  if (!(error instanceof ApiFailure)) throw error;
  const cause = writeFailureOf(error);
  if (isOfServer(cause)) {
    desk.halt(error.retryAfterMs);
    return 'again';
  }
  switch (cause) {
    case 'no-right':
      desk.troubles.note(kind, {
        code: 'ISTH1540',
        message: `${endSentence(error.message)} Let it ${rightFor(desk, kind)}.`,
        blocks: true,
      });
      lookAgain(desk, kind);
      return 'done';
    case 'refused':
      desk.troubles.note(kind, {
        code: 'ISTH1542',
        message: `The status of ${placeName(place)} is refused: ${error.message}`,
        blocks: false,
      });
      return 'retry';
    case 'changed':
    case 'kind-absent':
    case 'namespace-absent':
    case 'namespace-terminating':
      return 'retry';
  }
}

/** A status of the kind was written: what was in the way is not any more. */
export function settle(desk: StatusDesk, kind: string): void {
  const before = desk.troubles.settle(kind);
  // Its definition knows a status now: what was only told as events is to be written.
  if (before?.code === 'ISTH1541') readAnew(desk, kind);
}

/** The kind is read once more, after a while. */
export function lookAgain(desk: StatusDesk, kind: string): void {
  desk.troubles.later(() => {
    desk.troubles.settle(kind);
    readAnew(desk, kind);
  });
}

function readAnew(desk: StatusDesk, kind: string): void {
  desk.kinds.get(kind)?.reset();
  desk.add('read', kind);
}

function rightFor(desk: StatusDesk, kind: string): string {
  const { group = '', plural = '' } = desk.around.kinds.get(kind) ?? {};
  return `get and list ${plural}, and patch ${plural}/status, of apiGroup ${group}`;
}

function placeName(place: string): string {
  const { namespace, name } = placeParts(place);
  return namespace === '' ? name : `${namespace}/${name}`;
}
