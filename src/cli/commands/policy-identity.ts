/** `isthmus policy identity`: whom a service account may call, and who may call it, with the objects that say so. */
import { Command } from 'commander';
import type { AccessRule } from '../../model/access.ts';
import { formatObject, type ObjectRef, type Place } from '../../model/finding.ts';
import type { IdentityView } from '../../model/identity-view.ts';
import { visibleText } from '../../model/visible-text.ts';
import { type Column, type OutputFormat, print, printRows, printValue } from '../output.ts';
import {
  formatIdentity,
  formatRequests,
  formatSource,
  type PermittedCaller,
  permittedCallers,
} from './policy-callers.ts';
import { permissive, withoutRules } from './policy-verdict.ts';

/** What one rule lets others send to the identity's workloads. */
interface Admitted {
  readonly callers: AccessRule['sources'];
  /** Of the workload. */
  readonly ports: AccessRule['ports'];
  readonly requests: AccessRule['requests'];
  readonly object: ObjectRef;
  readonly place?: Place;
}

interface Called extends PermittedCaller {
  /** That is dialled; `host` is where a split may lead. */
  readonly service: string;
}

export function identityCommand(): Command {
  return new Command('identity')
    .description('List whom a service account may call, who may call it, and by which TrafficTargets.')
    .addHelpText(
      'before',
      `Examples:
  isthmus policy identity bookbuyer/bookbuyer
  isthmus policy identity spiffe://cluster.local/ns/bookbuyer/sa/bookbuyer -f manifests/ -o json
`,
    );
}

export function printIdentity(view: IdentityView, output: OutputFormat): void {
  const { access, trustDomain, identity, services } = view;
  const open = access === 'Disabled' ? withoutRules : access === 'Permissive' ? permissive : undefined;
  const admitted = view.rules.map((rule) => admittedBy(view, rule));
  const calls = callsOf(view);
  if (output !== 'table') {
    const everybody = open === undefined ? {} : { everybody: true, reason: open };
    printValue(output, { identity, access, trustDomain, services, ...everybody, callers: admitted, calls });
    return;
  }
  print(visibleText(`${formatIdentity(identity, trustDomain)} (${identity})`));
  print(visibleText(`Stands behind: ${services.join(', ') || 'no service'}`));
  if (open !== undefined) {
    print(visibleText(open));
    return;
  }
  print(`\nMay be called by${admitted.length === 0 ? ': nobody, no TrafficTarget is for it' : ''}`);
  if (admitted.length > 0) printRows('table', admitted, callerColumns(trustDomain));
  print(`\nMay call${calls.length === 0 ? ': nobody, no TrafficTarget names it' : ''}`);
  if (calls.length > 0) printRows('table', calls, callColumns(trustDomain));
}

function admittedBy({ places }: IdentityView, { sources, ports, requests, object }: AccessRule): Admitted {
  const place = places[formatObject(object)];
  return { callers: sources, ports, requests, object, ...(place === undefined ? {} : { place }) };
}

function callsOf({ identity, callable }: IdentityView): readonly Called[] {
  return callable.flatMap((view) =>
    permittedCallers(view, view.service.ports)
      .filter(({ caller }) => caller === 'any' || caller === identity)
      .map((permitted) => ({ ...permitted, service: view.service.host })),
  );
}

function callerColumns(trustDomain: string): readonly Column<Admitted>[] {
  const names = (callers: AccessRule['sources']): string =>
    callers === 'any' ? 'any' : callers.map((id) => formatIdentity(id, trustDomain)).join(', ') || 'nobody';
  return [
    { title: 'CALLERS', value: ({ callers }) => names(callers) },
    { title: 'PORTS', value: ({ ports }) => (ports === 'any' ? 'any' : ports.join(',') || 'none') },
    { title: 'REQUESTS', value: ({ requests }) => formatRequests(requests) || 'none' },
    { title: 'BY', value: ({ object, place }) => formatSource(object, place) },
  ];
}

function callColumns(trustDomain: string): readonly Column<Called>[] {
  return [
    { title: 'HOST', value: ({ service }) => service },
    {
      title: 'WORKLOAD',
      value: ({ identity, host, service }) =>
        formatIdentity(identity, trustDomain) + (host === service ? '' : ` of ${host}`),
    },
    { title: 'PORTS', value: ({ ports }) => ports.join(',') },
    { title: 'REQUESTS', value: ({ requests }) => formatRequests(requests) },
    { title: 'BY', value: ({ object, place }) => formatSource(object, place) },
  ];
}
