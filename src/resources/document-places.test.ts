import { describe, expect, it } from 'vitest';
import { placeOf } from './document-places.ts';

const text = `---
kind: Thing
metadata:
  labels:
    app.kubernetes.io/name: x
    app: y
spec:
  routes:
    - match: {exact: a}
    - match:
        exact: b
  copies: &c {one: 1}
  again: *c
`;
const at = (path: string) => {
  const { line, column } = placeOf(text, 10, 'f.yaml', path);
  return [line, column];
};

describe('the place of a path', () => {
  it('is the line and column of its key or item, counted in the whole file', () => {
    expect(at('kind')).toEqual([11, 1]);
    expect(at('spec.routes[1].match.exact')).toEqual([20, 9]);
    expect(at('spec.routes[0].match.exact')).toEqual([18, 15]);
    expect(at('spec.routes[1]')).toEqual([19, 7]);
  });

  it('is found for keys with dots and in brackets', () => {
    expect(at('metadata.labels.app.kubernetes.io/name')).toEqual([14, 5]);
    expect(at('metadata.labels["app.kubernetes.io/name"]')).toEqual([14, 5]);
    expect(at('metadata.labels[app]')).toEqual([15, 5]);
  });

  it('is that of the nearest part that is written, and the start of a document that cannot be read', () => {
    expect(at('spec.routes[7].match')).toEqual([17, 3]);
    expect(at('spec.missing')).toEqual([16, 1]);
    expect(at('')).toEqual([11, 1]);
    expect(placeOf('[', 3, 'f', 'a')).toEqual({ file: 'f', line: 3, column: 1 });
  });

  it('follows an alias to where the value is written', () => {
    expect(at('spec.again.one')).toEqual([21, 15]);
  });
});
