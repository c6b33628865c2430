import { expect, it } from 'vitest';
import { applicationProtocol, protocolCodec, serviceEntry, testMesh } from '../mesh-fixture.ts';

const aeraki = (name: string) => `aeraki.meta_protocol.codec.${name}`;

it('dubbo and thrift are registered from the beginning, and can be registered otherwise', () => {
  const { mesh, set, remove, findings } = testMesh();
  expect([...mesh.protocols.values()].map(({ name, codec }) => [name, codec])).toEqual([
    ['dubbo', aeraki('dubbo')],
    ['thrift', aeraki('thrift')],
  ]);
  const own = applicationProtocol('/own', 'thrift', 'own');
  set(own, protocolCodec('/own'));
  expect(mesh.protocols.get('thrift')?.codec).toBe('own');
  expect(findings()).toEqual(['ISTH0317 ApplicationProtocol/own spec.codec']);
  remove(own);
  expect(mesh.protocols.get('thrift')?.codec).toBe(aeraki('thrift'));
});

it('a codec is built in, or the ProtocolCodec of that name; anything else is told', () => {
  const { mesh, set, findings, engine } = testMesh();
  set(
    applicationProtocol('/a', 'a', aeraki('trpc')),
    applicationProtocol('/b', 'b', 'described'),
    applicationProtocol('/c', 'c', 'nowhere'),
    protocolCodec('/described', { frame: {} }),
  );
  expect(mesh.portCodecs.get('a')?.description).toBeUndefined();
  expect(mesh.portCodecs.get('b')?.description).toEqual({ frame: {} });
  expect(mesh.portCodecs.get('c')?.protocol.codec).toBe('nowhere');
  expect(findings()).toEqual(['ISTH0306 ApplicationProtocol/c spec.codec']);
  // True as well where there is one that was refused when it was read.
  expect([...engine.findings.values()][0]?.message).toMatch(/^nowhere is neither .* ProtocolCodec that is in force\.$/);
});

it('requests share a connection where the annotation or the codec says so, the annotation first', () => {
  const { mesh, set } = testMesh();
  const annotated = (value: string) => ({ annotations: { 'isthmus.dev/multiplexing': value } });
  set(
    protocolCodec('/shared', { multiplexing: true }),
    applicationProtocol('/a', 'a', 'shared'),
    applicationProtocol('/b', 'b', 'shared', annotated('false')),
    applicationProtocol('/c', 'c', aeraki('brpc'), annotated('true')),
    applicationProtocol('/d', 'd', aeraki('brpc')),
  );
  expect(['a', 'b', 'c', 'd'].map((name) => mesh.protocols.get(name)?.multiplexing)).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it('of several registrations of one protocol, or codecs of one name, the oldest holds, and the others are told', () => {
  const { mesh, set, findings } = testMesh();
  set(
    applicationProtocol('x/a', 'p', aeraki('qza'), { created: 2 }),
    applicationProtocol('x/b', 'p', aeraki('brpc'), { created: 1 }),
    applicationProtocol('x/c', 'q', 'twice'),
    protocolCodec('x/twice', { first: true }),
    protocolCodec('y/twice', { first: false }),
  );
  expect(mesh.protocols.get('p')?.codec).toBe(aeraki('brpc'));
  expect(mesh.portCodecs.get('q')?.description).toEqual({ first: true });
  expect(findings()).toEqual(['ISTH0305 ApplicationProtocol/a', 'ISTH0307 ProtocolCodec/twice']);
});

it('a port of a protocol that nobody registered is plain TCP until somebody does', () => {
  const { mesh, set, findings } = testMesh();
  set(serviceEntry('shop/x', { ports: [{ number: 80, name: 'tcp-metaprotocol-awesomerpc' }] }));
  const codec = () => mesh.meshServices.get('shop/x.example')?.ports[0]?.codec;
  expect(codec()).toBeUndefined();
  expect(findings()).toEqual(['ISTH0304 ServiceEntry/x']);
  set(applicationProtocol('/a', 'awesomerpc', aeraki('awesomerpc')));
  expect(codec()?.protocol.codec).toBe(aeraki('awesomerpc'));
  expect(findings()).toEqual([]);
});
