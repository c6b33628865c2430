import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readApplicationNode, readInterfaceNode } from './registration-paths.ts';

const url = encodeURIComponent('tri://10.0.0.7:50051/com.acme.Api?interface=com.acme.Api&version=1.0.0');

describe('a node at the level of interfaces', () => {
  it('that is a provider registers its instance for the interface in its version', () => {
    expect(readInterfaceNode(`com.acme.Api/providers/${url}`)).toMatchObject({
      kind: 'registration',
      service: { name: 'com.acme.Api:1.0.0' },
      instance: { address: '10.0.0.7' },
    });
  });

  it('registers for no other interface than that whose node it stands below', () => {
    expect(readInterfaceNode(`com.acme.Mine/providers/${url}`)).toEqual({ kind: 'unreadable' });
    expect(readInterfaceNode(`com.acme.Ap/providers/${url}`)).toEqual({ kind: 'unreadable' });
  });

  it.each([
    ['com.acme.Api/configurators/override%3A%2F%2F0.0.0.0%2Fa', { kind: 'configurator', service: 'com.acme.Api' }],
    ['com.acme.Api/providers/nonsense', { kind: 'unreadable' }],
    [`com.acme.Api/consumers/${url}`, { kind: 'other' }],
    [`metadata/providers/${url}`, { kind: 'other' }],
    ['mapping/com.acme.Api', { kind: 'other' }],
    ['com.acme.Api/providers', { kind: 'other' }],
    ['com.acme.Api', { kind: 'other' }],
    ['', { kind: 'other' }],
  ])('%s is what it is', (path, expected) => {
    expect(readInterfaceNode(path)).toEqual(expected);
  });
});

describe('a node at the level of applications', () => {
  it('registers the instance that its data describes', () => {
    const data = JSON.stringify({ host: '10.0.0.7', port: 20_880 });
    expect(readApplicationNode('shop%20floor/10.0.0.7:20880', data)).toMatchObject({
      kind: 'registration',
      service: { namespace: '', group: '', name: 'shop floor' },
      instance: { id: '10.0.0.7:20880' },
    });
    expect(readApplicationNode('shop', data)).toEqual({ kind: 'other' });
    expect(readApplicationNode('shop/10.0.0.7:20880', '{')).toEqual({ kind: 'unreadable' });
  });
});

it('no node makes a reader throw, whatever is written', () => {
  const text = fc.oneof(fc.string(), fc.constant('%E0%A4%A'), fc.constant(url));
  const path = fc.array(text, { maxLength: 4 }).map((parts) => parts.join('/'));
  fc.assert(fc.property(path, (any) => void readInterfaceNode(any)));
  fc.assert(fc.property(path, fc.json(), (any, data) => void readApplicationNode(any, data)));
});
