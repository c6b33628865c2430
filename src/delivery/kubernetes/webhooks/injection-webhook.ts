/** The mutating webhook: Pods that are asked for with a proxy are given one. Which these are, its configuration says. */

import type { InjectionSettings } from '../../../translate/injection/injection-settings.ts';
import { jsonPatch } from '../../../translate/injection/json-patch.ts';
import { injectPod } from '../../../translate/injection/pod-injection.ts';
import { workloadRef } from '../../../translate/injection/workload-injection.ts';
import type { AdmissionAnswer, AdmissionRequest } from './admission-review.ts';
import { admissionText } from './finding-text.ts';
import type { Webhook } from './webhook-listener.ts';

export interface InjectionSurroundings {
  readonly settings: () => InjectionSettings;
  /** Empty for a namespace of which nothing is known. */
  readonly labelsOf: (namespace: string) => Readonly<Record<string, string>>;
}

export function injectionWebhook(surroundings: InjectionSurroundings): Webhook {
  return (request) => inject(request, surroundings);
}

function inject(request: AdmissionRequest, { settings, labelsOf }: InjectionSurroundings): AdmissionAnswer {
  const { kind, operation, namespace, object } = request;
  if (operation !== 'CREATE' || kind.group !== '' || kind.kind !== 'Pod') return {};
  const named = workloadRef({ kind: 'Pod', metadata: { ...metadataOf(object), namespace } }, namespace);
  const injection = injectPod(object, { settings: settings(), object: named, ofNamespace: labelsOf(namespace) });
  const warnings = injection.findings.filter(({ severity }) => severity === 'warning').map(admissionText);
  if (injection.kind === 'injected') return { patch: jsonPatch(object, injection.pod), warnings };
  if (injection.kind === 'left') return { warnings };
  const errors = injection.findings.filter(({ severity }) => severity === 'error');
  return { refusal: errors.map(admissionText).join('\n'), warnings };
}

function metadataOf(object: unknown): object {
  const metadata: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, 'metadata') : undefined;
  return typeof metadata === 'object' && metadata !== null ? metadata : {};
}
