/**
 * service Greeter {
 *   string greet(1: string name)
 *   string greetBeta(1: string name)
 * }
 *
 * Written by hand in the shape of the Thrift compiler's output for Node, and smaller, because both methods take and
 * give the same. The library calls `process`, `recv_<method>` and `_reqs` by these names.
 */
import {
  type Protocol,
  type ProtocolClass,
  type Stack,
  TBinaryProtocol,
  TFramedTransport,
  Thrift,
  type Transport,
} from 'thrift';

const { MessageType, TApplicationException, TApplicationExceptionType, Type } = Thrift;

/** How servers and callers of the greeter talk. */
export const framedBinary: Stack = { transport: TFramedTransport, protocol: TBinaryProtocol };

export type Method = 'greet' | 'greetBeta';
export type Handler = Readonly<Record<Method, (name: string) => string>>;

type Reply = (error: Error | undefined, greeting?: string) => void;

/** A struct of one string: the arguments (field 1) and the result (field 0 is what a method returns) both are. */
function writeStringField(output: Protocol, struct: string, field: string, id: number, value: string): void {
  output.writeStructBegin(struct);
  output.writeFieldBegin(field, Type.STRING, id);
  output.writeString(value);
  output.writeFieldEnd();
  output.writeFieldStop();
  output.writeStructEnd();
}

function readStringField(input: Protocol, id: number): string | undefined {
  let value: string | undefined;
  input.readStructBegin();
  for (let field = input.readFieldBegin(); field.ftype !== Type.STOP; field = input.readFieldBegin()) {
    if (field.fid === id && field.ftype === Type.STRING) value = input.readString();
    else input.skip(field.ftype);
    input.readFieldEnd();
  }
  input.readStructEnd();
  return value;
}

export class Client {
  /** Who waits for which sequence id. */
  readonly _reqs: Record<number, Reply> = {};
  readonly #output: Transport;
  readonly #protocol: ProtocolClass;
  #seqid = 0;

  constructor(output: Transport, protocol: ProtocolClass) {
    this.#output = output;
    this.#protocol = protocol;
  }

  async greet(name: string): Promise<string> {
    return this.#call('greet', name);
  }

  async greetBeta(name: string): Promise<string> {
    return this.#call('greetBeta', name);
  }

  recv_greet(input: Protocol, type: number, seqid: number): void {
    this.#receive('greet', input, type, seqid);
  }

  recv_greetBeta(input: Protocol, type: number, seqid: number): void {
    this.#receive('greetBeta', input, type, seqid);
  }

  async #call(method: Method, name: string): Promise<string> {
    const seqid = ++this.#seqid;
    return new Promise((resolve, reject) => {
      this._reqs[seqid] = (error, greeting) => (greeting === undefined ? reject(error) : resolve(greeting));
      const output = new this.#protocol(this.#output);
      output.writeMessageBegin(method, MessageType.CALL, seqid);
      writeStringField(output, `Greeter_${method}_args`, 'name', 1, name);
      output.writeMessageEnd();
      this.#output.flush();
    });
  }

  #receive(method: Method, input: Protocol, type: number, seqid: number): void {
    const reply = this._reqs[seqid];
    delete this._reqs[seqid];
    if (type === MessageType.EXCEPTION) {
      const exception = new TApplicationException();
      exception.read(input);
      input.readMessageEnd();
      reply?.(exception);
      return;
    }
    const greeting = readStringField(input, 0);
    input.readMessageEnd();
    const missing = new TApplicationException(TApplicationExceptionType.MISSING_RESULT, `${method} failed: no result`);
    reply?.(greeting === undefined ? missing : undefined, greeting);
  }
}

export class Processor {
  readonly #handler: Handler;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  process(input: Protocol, output: Protocol): void {
    const { fname, rseqid } = input.readMessageBegin();
    if (fname === 'greet' || fname === 'greetBeta') {
      const name = readStringField(input, 1) ?? '';
      input.readMessageEnd();
      output.writeMessageBegin(fname, MessageType.REPLY, rseqid);
      writeStringField(output, `Greeter_${fname}_result`, 'success', 0, this.#handler[fname](name));
    } else {
      input.skip(Type.STRUCT);
      input.readMessageEnd();
      output.writeMessageBegin(fname, MessageType.EXCEPTION, rseqid);
      new TApplicationException(TApplicationExceptionType.UNKNOWN_METHOD, `Unknown function ${fname}`).write(output);
    }
    output.writeMessageEnd();
    output.flush();
  }
}
