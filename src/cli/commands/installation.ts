/** Which control plane in which cluster: the options that `install`, `upgrade`, `uninstall` and `check` share. */

import { Option } from 'commander';
import { ownName } from '../../model/ownership.ts';
import type { Installation } from '../installation-actions.ts';
import { requestTimeoutOption } from '../timeout.ts';
import { contextOption, kubeconfigOption, parseName } from './cluster.ts';

export interface TargetFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly requestTimeout: number;
  readonly systemNamespace: string;
  readonly revision: string;
}

export function targetOptions(): readonly Option[] {
  return [
    kubeconfigOption(),
    contextOption(),
    requestTimeoutOption(),
    new Option('-n, --system-namespace <name>', 'namespace of the control plane')
      .env('ISTHMUS_SYSTEM_NAMESPACE')
      .argParser(parseName)
      .default('isthmus-system'),
    new Option('--revision <name>', 'the name of the control plane')
      .env('ISTHMUS_REVISION')
      .argParser(parseName)
      .default('default'),
  ];
}

export function targetOf({
  kubeconfig,
  context,
  requestTimeout,
  systemNamespace,
  revision,
}: TargetFlags): Installation {
  return {
    release: ownName(revision),
    namespace: systemNamespace,
    requestTimeout,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}
