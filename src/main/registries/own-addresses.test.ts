import { networkInterfaces } from 'node:os';
import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { buildPipeline } from '../pipeline.ts';
import { ownAddresses } from './own-addresses.ts';

const pipeline = buildPipeline(new Engine());

it('virtual IPs and what listens beyond loopback are our own', () => {
  expect(ownAddresses(pipeline, ['127.0.0.1:15010', '[::1]:15014', '10.0.0.5:53', '[fd00::5]:15010'])).toEqual({
    ranges: ['240.241.0.0/16', '2001:2:1::/48'],
    places: ['10.0.0.5:53', '[fd00::5]:15010'],
  });
});

it('all addresses of the machine are, where something listens at all of them', () => {
  const outer = Object.values(networkInterfaces())
    .flatMap((all = []) => all)
    .filter(({ internal }) => !internal);
  const { places } = ownAddresses(pipeline, ['0.0.0.0:15010']);
  expect(places).toEqual(
    outer.map(({ address, family }) => (family === 'IPv6' ? `[${address}]:15010` : `${address}:15010`)),
  );
});
