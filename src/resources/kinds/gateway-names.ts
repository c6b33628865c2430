/** Gateways as a VirtualService names them, in one form: `mesh`, or `<namespace>/<name>`. */
export function gatewayNames(gateways: readonly string[], namespace: string): readonly string[] {
  return gateways.map((name) => (name === 'mesh' || name.includes('/') ? name : `${namespace}/${name}`));
}
