/**
 * What Aeraki has API servers ask before they take a MetaRouter. It fails closed: once Aeraki's Pod is gone, or its certificate
 * is not that of the configuration any more, no MetaRouter can be written. A takeover lets it fail open; ours says the same of
 * the same objects, and more.
 */
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import type { AdoptionStep } from '../../model/adoption.ts';

export interface ForeignWebhook {
  /** Of the ValidatingWebhookConfiguration. */
  readonly name: string;
  readonly version: string;
  /** Places of its webhooks that keep objects out when nobody answers. */
  readonly closed: readonly number[];
}

/** Undefined for configurations of others. */
export function aerakiWebhook(value: unknown): ForeignWebhook | undefined {
  const metadata = fieldOf(value, 'metadata');
  const webhooks = fieldOf(value, 'webhooks');
  const [name, version] = [textOf(metadata, 'name'), textOf(metadata, 'resourceVersion')];
  if (name === undefined || version === undefined || !Array.isArray(webhooks)) return undefined;
  const own = webhooks.flatMap((webhook: unknown, at) =>
    textOf(webhook, 'name') === 'validation.aeraki.io' ? [{ at, policy: textOf(webhook, 'failurePolicy') }] : [],
  );
  if (own.length === 0) return undefined;
  return { name, version, closed: own.filter(({ policy }) => policy !== 'Ignore').map(({ at }) => at) };
}

export function webhookStep({ name, closed }: ForeignWebhook): AdoptionStep {
  const object = { kind: 'ValidatingWebhookConfiguration', name };
  return closed.length === 0
    ? { object, does: 'done', why: 'it keeps nothing out when nobody answers; delete it once Aeraki is gone' }
    : {
        object,
        does: 'relax',
        why: 'no MetaRouter could be written once Aeraki is gone: what is wrong, ours says too',
      };
}

/** A JSON patch, refused when the object has changed since it was read. */
export function relaxing({ version, closed }: ForeignWebhook): readonly object[] {
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: version },
    ...closed.map((at) => ({ op: 'replace', path: `/webhooks/${at}/failurePolicy`, value: 'Ignore' })),
  ];
}
