/**
 * The desk (python/desk.py) for Apache's npm library, by hand in the shape of its compiler's output for Node: the library
 * calls `process`, `recv_<method>`, `new_seqid` and `_reqs` by these names.
 */
import { type Protocol, type ProtocolClass, Thrift, type Transport } from 'thrift';

const { MessageType, TApplicationException, Type } = Thrift;
const ONEWAY = 4;
const UNKNOWN_METHOD = 1;
const INTERNAL_ERROR = 6;
const methods = ['greet', 'greetBeta', 'lost', 'nowhere', 'missing'] as const;
export type Method = (typeof methods)[number];

/** The exception that the desk's methods declare. */
export class Refused extends Error {}

type Done = (error?: Error, greeting?: string) => void;

function writeText(output: Protocol, id: number, text: string): void {
  output.writeFieldBegin('text', Type.STRING, id);
  output.writeString(text);
  output.writeFieldEnd();
}

function writeStruct(output: Protocol, writeFields: () => void): void {
  output.writeStructBegin('');
  writeFields();
  output.writeFieldStop();
  output.writeStructEnd();
}

/** Calls `read` for each field, by its number; what it does not take is skipped. */
function readStruct(input: Protocol, read: (id: number, type: number) => boolean): void {
  input.readStructBegin();
  for (let field = input.readFieldBegin(); field.ftype !== Type.STOP; field = input.readFieldBegin()) {
    if (!read(field.fid, field.ftype)) input.skip(field.ftype);
    input.readFieldEnd();
  }
  input.readStructEnd();
}

function readText(input: Protocol, id: number): string {
  let text = '';
  readStruct(input, (fieldId, type) => {
    const isWanted = fieldId === id && type === Type.STRING;
    if (isWanted) text = input.readString();
    return isWanted;
  });
  return text;
}

export class Client {
  readonly _reqs: Record<number, Done> = {};
  readonly #output: Transport;
  readonly #protocol: ProtocolClass;
  #sequence = 0;

  constructor(output: Transport, protocol: ProtocolClass) {
    this.#output = output;
    this.#protocol = protocol;
    const receive = (input: Protocol, type: number, sequence: number): void => this.#receive(input, type, sequence);
    Object.assign(this, Object.fromEntries(methods.map((method) => [`recv_${method}`, receive])));
  }

  new_seqid(): number {
    return ++this.#sequence;
  }

  async call(method: Method, argument: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const sequence = this.new_seqid();
    this._reqs[sequence] = (error, greeting) => (error === undefined ? resolve(greeting ?? '') : reject(error));
    this.#send(method, MessageType.CALL, sequence, argument);
    return promise;
  }

  note(text: string): void {
    this.#send('note', ONEWAY, this.new_seqid(), text);
  }

  #send(method: string, type: number, sequence: number, argument: string): void {
    const output = new this.#protocol(this.#output);
    output.writeMessageBegin(method, type, sequence);
    writeStruct(output, () => writeText(output, 1, argument));
    output.writeMessageEnd();
    this.#output.flush();
  }

  #receive(input: Protocol, type: number, sequence: number): void {
    const done = this._reqs[sequence];
    delete this._reqs[sequence];
    if (type === MessageType.EXCEPTION) {
      const exception = new TApplicationException();
      exception.read(input);
      input.readMessageEnd();
      done?.(exception);
      return;
    }
    let greeting: string | undefined;
    let refused: Refused | undefined;
    readStruct(input, (id, fieldType) => {
      if (id === 0 && fieldType === Type.STRING) greeting = input.readString();
      else if (id === 1 && fieldType === Type.STRUCT) refused = new Refused(readText(input, 1));
      else return false;
      return true;
    });
    input.readMessageEnd();
    done?.(refused, greeting);
  }
}

/** What the server of one version has; `notes` came by oneway requests. */
export class Processor {
  readonly notes: string[] = [];
  readonly #version: string;

  constructor(version: string) {
    this.#version = version;
  }

  process(input: Protocol, output: Protocol): void {
    const { fname, rseqid } = input.readMessageBegin();
    const argument = readText(input, 1);
    input.readMessageEnd();
    if (fname === 'note') {
      this.notes.push(argument);
      return;
    }
    if (fname !== 'greet' && fname !== 'greetBeta') {
      this.#except(output, fname, rseqid, UNKNOWN_METHOD, `Unknown function ${fname}`);
    } else if (argument === 'undeclared') {
      this.#except(output, fname, rseqid, INTERNAL_ERROR, 'as nobody declared');
    } else {
      output.writeMessageBegin(fname, MessageType.REPLY, rseqid);
      writeStruct(output, () => this.#writeResult(output, argument));
      this.#flush(output);
    }
  }

  #writeResult(output: Protocol, argument: string): void {
    if (argument !== 'declared') {
      writeText(output, 0, `${this.#version}: hello ${argument}`);
      return;
    }
    output.writeFieldBegin('refused', Type.STRUCT, 1);
    writeStruct(output, () => writeText(output, 1, 'as declared'));
    output.writeFieldEnd();
  }

  #except(output: Protocol, method: string, sequence: number, type: number, message: string): void {
    output.writeMessageBegin(method, MessageType.EXCEPTION, sequence);
    new TApplicationException(type, message).write(output);
    this.#flush(output);
  }

  #flush(output: Protocol): void {
    output.writeMessageEnd();
    output.flush();
  }
}
