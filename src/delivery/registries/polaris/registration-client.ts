/** Registering, deregistering and signs of life, by gRPC. */
import { type ChannelCredentials, Client, type ClientOptions, type ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import {
  decodeReply,
  encodeAddress,
  encodeInstance,
  type InstanceAddress,
  type InstanceMessage,
  type Reply,
} from './registration-messages.ts';

const deadlineMs = 5_000;

export interface RegistrationClient {
  /** Each rejects with UNAVAILABLE where the server cannot be asked. */
  register(instance: InstanceMessage): Promise<Reply>;
  deregister(instance: InstanceAddress): Promise<Reply>;
  beat(instance: InstanceAddress): Promise<Reply>;
  /** What is asked and not answered rejects. */
  close(): void;
}

export function createRegistrationClient(
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions,
  token: string | undefined,
): RegistrationClient {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, ...options });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('x-polaris-token', token);
  const open = new Set<ClientUnaryCall>();
  const call = async <T>(name: string, encode: (message: T) => Buffer, message: T): Promise<Reply> => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const options = { deadline: Date.now() + deadlineMs };
    const path = `/v1.PolarisGRPC/${name}`;
    const asked = client.makeUnaryRequest(path, encode, decodeReply, message, metadata, options, (error, reply) => {
      open.delete(asked);
      if (reply !== undefined && error === null) resolve(reply);
      else reject(new IsthmusError('UNAVAILABLE', error === null ? 'no answer' : messageOf(error)));
    });
    open.add(asked);
    return promise;
  };
  return {
    register: (instance) => call('RegisterInstance', encodeInstance, instance),
    deregister: (instance) => call('DeregisterInstance', encodeAddress, instance),
    beat: (instance) => call('Heartbeat', encodeAddress, instance),
    close: () => {
      for (const asked of open) asked.cancel();
      client.close();
    },
  };
}
