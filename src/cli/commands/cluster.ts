/** Flags of `isthmus run` in a cluster of Kubernetes: which one, and as what. */
import { InvalidArgumentError, Option } from 'commander';
import { IsthmusError } from '../../model/errors.ts';
import { parseLabelSelector } from '../../model/label-selector.ts';
import type { ClusterWish } from '../actions.ts';
import { parsePositiveInteger } from '../output.ts';

export interface ClusterFlags {
  readonly kubernetes?: true | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly revision: string;
  readonly systemNamespace: string;
  readonly namespaceSelector?: string | undefined;
  readonly withoutIstio?: true | undefined;
  readonly webhook?: string | undefined;
  readonly injection?: string | undefined;
  readonly writeRate?: number | undefined;
  readonly statusRate?: number | undefined;
  readonly holdObjects?: number | undefined;
  readonly holdPercent?: number | undefined;
  readonly holdTime?: number | undefined;
}

export function clusterOptions(): Option[] {
  return [
    new Option('--kubernetes', 'follow the API server of a cluster, and keep all state there, instead of -f'),
    kubeconfigOption('with --kubernetes (default: as kubectl, else the service account of the Pod)'),
    contextOption(),
    revisionOption(),
    new Option('--system-namespace <name>', 'namespace of what is ours: leader election, keys, settings')
      .env('ISTHMUS_SYSTEM_NAMESPACE')
      .argParser(parseName)
      .default('isthmus-system'),
    new Option('--namespace-selector <selector>', 'heed only namespaces with these labels (default: all)')
      .env('ISTHMUS_NAMESPACE_SELECTOR')
      .argParser(parseSelector),
    new Option(
      '--without-istio',
      "neither read nor write objects of Istio's kinds, though they may be in the cluster; no rights to them are needed then",
    ).env('ISTHMUS_WITHOUT_ISTIO'),
    new Option('--webhook <address>', 'serve webhooks to the API server at this address').env('ISTHMUS_WEBHOOK'),
    new Option('--injection <file>', 'settings of injection, for --webhook').env('ISTHMUS_INJECTION'),
    new Option(
      '--write-rate <n>',
      'objects that are written into the cluster in a second, with --kubernetes (default: 50)',
    )
      .env('ISTHMUS_WRITE_RATE')
      .argParser(parsePositiveInteger),
    new Option(
      '--status-rate <n>',
      'statuses of objects that are written in a second, with --kubernetes: ten times as many at once after a rest (default: 10)',
    )
      .env('ISTHMUS_STATUS_RATE')
      .argParser(parsePositiveInteger),
    new Option(
      '--hold-objects <n>',
      'with --kubernetes: deletions are held where more objects of a kind than this are to go at once (default: 20)',
    )
      .env('ISTHMUS_HOLD_OBJECTS')
      .argParser(parseCount),
    new Option('--hold-percent <n>', 'and where they are more than this part of the kind (default: 20)')
      .env('ISTHMUS_HOLD_PERCENT')
      .argParser(parsePercent),
    new Option('--hold-time <seconds>', 'for how long: isthmus writes list, release (default: 600)')
      .env('ISTHMUS_HOLD_TIME')
      .argParser(parsePositiveInteger),
  ];
}

/** Of every command that speaks to a cluster. */
export function kubeconfigOption(description = 'of the cluster (default: as kubectl finds it)'): Option {
  return new Option('--kubeconfig <file>', description).env('ISTHMUS_KUBECONFIG');
}

export function contextOption(): Option {
  return new Option('--context <name>', 'of the kubeconfig (default: its current one)').env('ISTHMUS_CONTEXT');
}

export function revisionOption(): Option {
  return new Option(
    '--revision <name>',
    'the name of this control plane: objects and namespaces with another one in the label isthmus.dev/rev are not heeded',
  )
    .env('ISTHMUS_REVISION')
    .argParser(parseName)
    .default('default');
}

/** Undefined for files. Throws USAGE unless it is clear which of both is meant. */
export function clusterWish(flags: ClusterFlags, files: readonly string[] | undefined): ClusterWish | undefined {
  const { kubernetes, kubeconfig, context, revision, systemNamespace, namespaceSelector, webhook, injection } = flags;
  const { withoutIstio, writeRate, statusRate, holdObjects, holdPercent, holdTime } = flags;
  if ((kubernetes === true) === (files !== undefined))
    throw new IsthmusError('USAGE', 'Give either -f, --filename PATH..., or --kubernetes.');
  if (kubernetes !== true) {
    for (const [flag, value] of Object.entries({
      'without-istio': withoutIstio,
      webhook,
      injection,
      'write-rate': writeRate,
      'status-rate': statusRate,
      'hold-objects': holdObjects,
      'hold-percent': holdPercent,
      'hold-time': holdTime,
    }))
      if (value !== undefined) throw new IsthmusError('USAGE', `--${flag} is for --kubernetes.`);
    return undefined;
  }
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    ...(withoutIstio === undefined ? {} : { isWithoutIstio: withoutIstio }),
    ...(webhook === undefined ? {} : { webhook }),
    ...(injection === undefined ? {} : { injection }),
    ...(writeRate === undefined ? {} : { writeRate }),
    ...(statusRate === undefined ? {} : { statusRate }),
    ...holdOf(flags),
    revision,
    systemNamespace,
  };
}

function holdOf({ holdObjects, holdPercent, holdTime }: ClusterFlags): Pick<ClusterWish, 'hold'> {
  const hold = {
    ...(holdObjects === undefined ? {} : { objects: holdObjects }),
    ...(holdPercent === undefined ? {} : { percent: holdPercent }),
    ...(holdTime === undefined ? {} : { seconds: holdTime }),
  };
  return Object.keys(hold).length === 0 ? {} : { hold };
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a number of objects, such as 20');
  return Number(text);
}

function parsePercent(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100) throw new InvalidArgumentError('expected a number from 0 to 100');
  return Number(text);
}

/** As Kubernetes has names of namespaces, which are values of labels as well. */
export function parseName(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('expected at most 63 of a-z, 0-9 and "-", which neither begin nor end with "-"');
  return text;
}

function parseSelector(text: string): string {
  if (parseLabelSelector(text) === undefined)
    throw new InvalidArgumentError('expected labels such as team=shop,tier!=test,zone in (a,b),canary,!old');
  return text;
}
