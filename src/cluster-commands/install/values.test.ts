import { describe, expect, it } from 'vitest';
import { valuesOf } from './chart.ts';
import { mergeValues, parseSetting, parseTextSetting } from './values.ts';

describe('a single value of the chart', () => {
  it.each([
    ['replicas=3', { replicas: 3 }],
    ['dns.enabled=false,xds.plaintext=true', { dns: { enabled: false }, xds: { plaintext: true } }],
    ['a.b=1,a.c=2', { a: { b: 1, c: 2 } }],
    ['extraArgs={--dns-ttl,60}', { extraArgs: ['--dns-ttl', 60] }],
    ['extraArgs={}', { extraArgs: [] }],
    ['tolerations[0].key=a,tolerations[1].key=b', { tolerations: [{ key: 'a' }, { key: 'b' }] }],
    ['podAnnotations.example\\.com/team=mesh\\,edge', { podAnnotations: { 'example.com/team': 'mesh,edge' } }],
    ['image.tag=', { image: { tag: '' } }],
    ['image.tag=1.20', { image: { tag: '1.20' } }],
    ['image.tag=007', { image: { tag: '007' } }],
    ['affinity=null', { affinity: null }],
    ['a=b=c', { a: 'b=c' }],
  ])('%s is read as Helm reads it', (text, values) => {
    expect(parseSetting(text)).toEqual(values);
  });

  it.each(['replicas', '=3', 'a[5000]=1'])('%s is refused', (text) => {
    expect(() => parseSetting(text)).toThrow(`--set ${text}: `);
    expect(() => parseTextSetting(text)).toThrow(`--set-string ${text}: `);
  });

  it.each([
    ['image.tag=2', { image: { tag: '2' } }],
    ['podAnnotations.a=true,podAnnotations.b=null', { podAnnotations: { a: 'true', b: 'null' } }],
    ['extraArgs={--dns-ttl,60}', { extraArgs: ['--dns-ttl', '60'] }],
  ])('%s is text wherever it is to be', (text, values) => {
    expect(parseTextSetting(text)).toEqual(values);
  });

  it('that is to be text, and was read as a number, is refused with how it is given as one', () => {
    expect(() => valuesOf({ values: [parseSetting('image.tag=2')] })).toThrow(
      /image\.tag: must be string: --set-string/,
    );
    expect(() => valuesOf({ values: [parseSetting('replicas=many')] })).toThrow(/^(?!.*--set-string)/s);
    expect(valuesOf({ values: [parseTextSetting('image.tag=2')] })).toMatchObject({ image: { tag: '2' } });
  });
});

describe('values that are given', () => {
  it('are put over those of the chart, map by map, and take away what they say is null', () => {
    const base = { a: { b: 1, c: 2 }, list: [1, 2], gone: { x: 1 } };
    expect(mergeValues(base, { a: { c: 3 }, list: [9], gone: null })).toEqual({ a: { b: 1, c: 3 }, list: [9] });
  });
});
