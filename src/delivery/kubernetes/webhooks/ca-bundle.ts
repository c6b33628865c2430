/** By which roots an API server knows our webhooks: `caBundle` in the configurations of a name, and nothing else of them. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { mutatingWebhooks, validatingWebhooks } from '../../../kubernetes-api/built-in-collections.ts';
import { fieldOf } from '../../../kubernetes-api/plain-fields.ts';

const configurations = { validating: validatingWebhooks, mutating: mutatingWebhooks } as const;

export type WebhookKind = keyof typeof configurations;

/**
 * Sees to it that the roots stand in the configuration. False where there is no such configuration. Rejects with ApiFailure.
 * `bundle`: PEM, one root behind the other.
 */
export async function keepCaBundle(
  server: ApiServer,
  kind: WebhookKind,
  name: string,
  bundle: string,
): Promise<boolean> {
  const path = objectPath(configurations[kind], { name });
  const configuration = await server.get(path).catch((error: unknown) => {
    if (error instanceof ApiFailure && error.isAbsent) return undefined;
    throw error;
  });
  if (configuration === undefined) return false;
  const wanted = Buffer.from(bundle).toString('base64');
  const changes = webhooksOf(configuration).flatMap((webhook, index) =>
    fieldOf(fieldOf(webhook, 'clientConfig'), 'caBundle') === wanted
      ? []
      : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: wanted }],
  );
  if (changes.length === 0) return true;
  // Places in a list hold for this version of it alone.
  const version = {
    op: 'test',
    path: '/metadata/resourceVersion',
    value: fieldOf(fieldOf(configuration, 'metadata'), 'resourceVersion'),
  };
  await server.send({
    method: 'PATCH',
    path: `${path}?fieldManager=isthmus-webhooks`,
    contentType: 'application/json-patch+json',
    body: [version, ...changes],
  });
  return true;
}

function webhooksOf(configuration: unknown): readonly unknown[] {
  const webhooks = fieldOf(configuration, 'webhooks');
  return Array.isArray(webhooks) ? webhooks : [];
}
