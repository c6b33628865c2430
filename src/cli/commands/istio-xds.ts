/** Flags of `isthmus run` for sidecars of istiod. */
import { Option } from 'commander';
import type { IstioXdsWish } from '../actions.ts';

export interface IstioXdsFlags {
  readonly istioXds?: string | undefined;
  readonly istioXdsService?: string | undefined;
  readonly istiod: string;
  readonly istioRoot: string;
  readonly istioToken: string;
}

export function istioXdsOptions(): Option[] {
  return [
    new Option(
      '--istio-xds <address>',
      'address at which sidecars of istiod are given the routes of MetaProtocol, by certificates of Istio',
    ).env('ISTHMUS_ISTIO_XDS'),
    new Option(
      '--istio-xds-service <address>',
      'with --istio-xds: what the bootstrap of sidecars says they ask (default: Service isthmus, at the same port)',
    ).env('ISTHMUS_ISTIO_XDS_SERVICE'),
    new Option('--istiod <address>', 'with --istio-xds: who signs our certificate for it')
      .env('ISTHMUS_ISTIOD')
      .default('istiod.istio-system.svc:15012'),
    new Option('--istio-root <file>', 'with --istio-xds: the root of Istio, as ConfigMap istio-ca-root-cert has it')
      .env('ISTHMUS_ISTIO_ROOT')
      .default('/var/run/secrets/istio/root-cert.pem'),
    new Option('--istio-token <file>', 'with --istio-xds: a token of our service account, for the audience istio-ca')
      .env('ISTHMUS_ISTIO_TOKEN')
      .default('/var/run/secrets/tokens/istio-token'),
  ];
}

export function istioXdsWish(flags: IstioXdsFlags): IstioXdsWish | undefined {
  const { istioXds, istioXdsService: service, istiod, istioRoot: root, istioToken: token } = flags;
  if (istioXds === undefined) return undefined;
  return { address: istioXds, istiod, root, token, ...(service === undefined ? {} : { service }) };
}
