/**
 * What an API server is told of our webhooks: as the chart has it, but for where they are. An API server without nodes reaches
 * no Service: it is sent to loopback in place of it.
 */
import { renderInstallation } from '../../../src/cluster-commands/install/install.ts';
import { isMap, type PlainMap } from '../../../src/resources/plain-values.ts';

type ConfigurationKind = 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';

interface WebhookPlace {
  readonly revision: string;
  readonly systemNamespace: string;
  /** `https://host:port`. */
  readonly url: string;
}

export function chartWebhooks(kind: ConfigurationKind, { revision, systemNamespace, url }: WebhookPlace): PlainMap {
  const release = { release: 'isthmus', namespace: systemNamespace, values: [{ revision }] };
  const [configuration, ...more] = renderInstallation(release).filter((manifest) => manifest.kind === kind);
  const webhooks: unknown = configuration?.webhooks;
  if (configuration === undefined || more.length > 0 || !Array.isArray(webhooks))
    throw new Error(`the chart has not one ${kind}`);
  return { ...configuration, webhooks: webhooks.map((one: unknown) => servedAt(one, url)) };
}

function servedAt(webhook: unknown, url: string): PlainMap {
  const clientConfig = isMap(webhook) ? webhook.clientConfig : undefined;
  const service = isMap(clientConfig) ? clientConfig.service : undefined;
  if (!isMap(webhook) || !isMap(service) || typeof service.path !== 'string')
    throw new Error('a webhook of the chart names no Service and path');
  return { ...webhook, clientConfig: { url: `${url}${service.path}` } };
}
