/** Labels by which a person asked polaris2istio to fill a ServiceEntry. */
export function isFilledByRegistry({ labels }: { readonly labels?: Readonly<Record<string, string>> }): boolean {
  return labels?.manager === 'aeraki' && labels.registry === 'polaris';
}
