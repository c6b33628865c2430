import { expect, it } from 'vitest';
import { queryFor, upstreamResponse } from './dns-fixture.ts';
import { nameBytes } from './names.ts';
import { expandRecord } from './record-expansion.ts';
import { aliasesOf, lifetimeOf, readUpstreamAnswer } from './upstream-answer.ts';

const address = { type: 'A', ttl: 100, data: Buffer.from([192, 0, 2, 1]) };
const OPT_BYTES = 11;

function read(query: Buffer, response: Buffer) {
  return readUpstreamAnswer(response, query, query.length);
}

/** Without the OPT record that the fixture puts at the end. */
function withoutOptions(response: Buffer): Buffer {
  const bare = Buffer.from(response.subarray(0, response.length - OPT_BYTES));
  bare.writeUInt16BE(0, 10);
  return bare;
}

it('an answer that ends before its last record does is none, nor is one that announces more records', () => {
  const query = queryFor('www.example.com', 'A');
  const whole = withoutOptions(upstreamResponse(query, [address]));
  expect(read(query, whole)?.answers).toHaveLength(1);
  for (let length = 0; length < whole.length; length++) expect(read(query, whole.subarray(0, length))).toBeUndefined();
  whole.writeUInt16BE(2, 6);
  expect(read(query, whole)).toBeUndefined();
});

it('the case of letters is free in the name of a question, and nowhere else', () => {
  const query = queryFor('www.example.com', '65');
  const response = upstreamResponse(queryFor('WWW.example.COM', '65'), []);
  expect(read(query, response)).toBeDefined();
  expect(read(query, upstreamResponse(queryFor('www.example.com', '97'), []))).toBeUndefined();
  expect(read(queryFor('a-b.example', '1'), upstreamResponse(queryFor('a\rb.example', '1'), []))).toBeUndefined();
});

it('the OPT record is not part of what is kept, and gives the upper bits of the code', () => {
  const query = queryFor('www.example.com', 'A');
  const response = upstreamResponse(query, [address]);
  const plain = read(query, response);
  expect(plain).toMatchObject({ hasOptions: true, rcode: 0, additionals: [] });
  expect(plain?.packet.length).toBe(response.length - OPT_BYTES);
  response[response.length - 6] = 1;
  expect(read(query, response)?.rcode).toBe(16);
});

it('aliases are followed from the name that was asked for, whatever their order', () => {
  const query = queryFor('a.example', 'A');
  const cname = (owner: string, target: string) => ({
    owner,
    type: 'CNAME',
    ttl: 9,
    data: nameBytes(target) ?? Buffer.alloc(0),
  });
  const answer = read(
    query,
    upstreamResponse(query, [
      cname('b.example', 'C.example'),
      cname('x.example', 'y.example'),
      cname('A.example', 'b.example'),
    ]),
  );
  expect(answer === undefined ? [] : aliasesOf(answer, 8)).toEqual([
    { target: 'b.example', ttl: 9 },
    { target: 'c.example', ttl: 9 },
  ]);
  const circle = read(query, upstreamResponse(query, [cname('a.example', 'a.example')]));
  expect(circle === undefined ? [] : aliasesOf(circle, 8)).toHaveLength(8);
});

it('an alias is kept for as long as it says when it was what was asked for', () => {
  const data = nameBytes('b.example') ?? Buffer.alloc(0);
  const lifetime = (type: string) => {
    const query = queryFor('a.example', type);
    const answer = read(query, upstreamResponse(query, [{ type: 'CNAME', ttl: 60, data }]));
    return answer === undefined ? undefined : lifetimeOf(answer);
  };
  expect(lifetime('CNAME')).toBe(60);
  expect(lifetime('A')).toBe(0);
});

it('names inside of records are written out, and what is malformed is left out', () => {
  const query = queryFor('www.example.com', 'A');
  const pointer = Buffer.from([2, 0x6e, 0x73, 0xc0, 16]);
  const expanded = (type: string, data: Buffer) => {
    const answer = read(query, upstreamResponse(query, [{ type, ttl: 1, data }]));
    const [record] = answer?.answers ?? [];
    return answer === undefined || record === undefined ? undefined : expandRecord(answer.packet, record);
  };
  expect(expanded('NS', pointer)?.data).toEqual(nameBytes('ns.example.com'));
  expect(expanded('A', pointer)?.data).toEqual(pointer);
  expect(expanded('SOA', pointer)).toBeUndefined();
  expect(expanded('NS', Buffer.from([5, 0x6e]))).toBeUndefined();
});
