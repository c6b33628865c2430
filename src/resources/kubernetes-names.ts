/** The syntax of names, labels and hosts, as Kubernetes and Istio check it. All linear in the text's length. */

/** DNS-1123 label: what a namespace is named. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** DNS-1035 label: what a Service is named. */
export function isServiceName(text: string): boolean {
  return isDnsLabel(text) && /^[a-z]/.test(text);
}

/** The same in either case: Istio's rule for port names and subsets. */
export function isMixedCaseLabel(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?$/.test(text);
}

/** DNS-1123 subdomain: what most objects are named. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(part));
}

/** A host name that callers can dial: labels of 63, 255 in all, a last label that is no number; a trailing dot is allowed. */
export function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '' || text.length > 255) return false;
  const parts = name.split('.');
  return parts.every(isMixedCaseLabel) && !/^\d+$/.test(parts[parts.length - 1] ?? '');
}

/** A host name, or one whose first label is `*`. The bare `*` is for the caller to decide. */
export function isWildcardHost(text: string): boolean {
  return text.startsWith('*.') ? isHostName(text.slice(2)) : isHostName(text);
}

export function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

const qualifiedName = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Of a Secret or ConfigMap: what a file in a mounted one can be called, and nothing beside it. */
export function isSecretKey(key: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '.' && !key.startsWith('..');
}

export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0 && !isDnsSubdomain(key.slice(0, slash).toLowerCase())) return false;
  return name.length <= 63 && qualifiedName.test(name);
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && qualifiedName.test(value));
}
