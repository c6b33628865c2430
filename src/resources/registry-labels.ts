/** Labels of ServiceEntries that have to do with bridges of registries. */

interface Labelled {
  readonly labels?: Readonly<Record<string, string>>;
}

/** A person asked polaris2istio to fill it. */
export function isFilledByRegistry({ labels }: Labelled): boolean {
  return labels?.manager === 'aeraki' && labels.registry === 'polaris';
}

/** A bridge wrote it as a whole: consul2istio, dubbo2istio and the like as `aeraki`, eureka2istio as `asm`. */
export function isWrittenByBridge(metadata: Labelled): boolean {
  const { manager = '', registry } = metadata.labels ?? {};
  return /^(aeraki|asm)$/i.test(manager) && registry !== undefined && !isFilledByRegistry(metadata);
}
