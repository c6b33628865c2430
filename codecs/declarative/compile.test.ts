import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileDescription, type DescriptionProblem } from './compile.ts';

const good = {
  frame: { header: { size: 8 }, length: { parts: [{ offset: 0, type: 'u32' }] } },
  fields: { id: { offset: 4, type: 'u32' } },
};

function problemsOf(description: unknown): readonly DescriptionProblem[] {
  const compiled = compileDescription(description, 'tried');
  return 'problems' in compiled ? compiled.problems : [];
}

function pathsOf(description: unknown): readonly string[] {
  return problemsOf(description).map((problem) => problem.path);
}

test('a good description compiles', () => {
  expect(problemsOf(good)).toEqual([]);
});

describe('a mistake is a problem at its path', () => {
  const cases: readonly (readonly [what: string, change: Record<string, unknown>, path: string])[] = [
    ['an unknown member', { frames: {} }, 'frames'],
    ['no frame', { frame: undefined }, 'frame.header.size'],
    ['a field outside the header', { fields: { id: { offset: 6, type: 'u32' } } }, 'fields.id'],
    ['an unknown type', { fields: { id: { offset: 0, type: 'u31' } } }, 'fields.id.type'],
    ['a varint inside the header', { fields: { id: { offset: 4, type: 'uleb128' } } }, 'fields.id'],
    ['a reserved name', { fields: { side: { offset: 0, type: 'u8' } } }, 'fields.side'],
    ['an id that is not there', { identity: { requestId: 'no' } }, 'identity.requestId'],
    ['correlation by no id', { identity: { correlation: 'id' } }, 'identity.requestId'],
    ['sharing without an id', { multiplexing: true }, 'multiplexing'],
    ['an unknown kind', { kind: { rules: [{ when: 'id == 1', kind: 'ping' }] } }, 'kind.rules[0].kind'],
    ['an unknown name in a condition', { status: { error: 'code != 0' } }, 'status.error'],
    ['a condition that ends too early', { status: { error: 'id ==' } }, 'status.error'],
    ['a property of nothing', { properties: { a: { from: 'b' } } }, 'properties.a.from'],
    ['a mutation of nothing', { mutation: { target: 'id' } }, 'mutation.target'],
    ['a size that is none', { limits: { maxFrame: '1GB' } }, 'limits.maxFrame'],
    [
      'magic beyond the header',
      { frame: { ...good.frame, magic: [{ offset: 7, bytes: '0102' }] } },
      'frame.magic[0].offset',
    ],
    [
      'a mask of another length',
      { frame: { ...good.frame, magic: [{ offset: 0, bytes: '0102', mask: 'ff' }] } },
      'frame.magic[0].mask',
    ],
    ['two lengths', { frame: { ...good.frame, length: { size: 9, delimiter: '0a' } } }, 'frame.length'],
    [
      'a least length below the header',
      { frame: { header: { size: 8 }, length: { parts: [{ offset: 0, type: 'u32' }], min: 4 } } },
      'frame.length.min',
    ],
    [
      'a reply that sets nothing known',
      { reply: { error: { template: { set: { code: 1 } } } } },
      'reply.error.template.set.code',
    ],
    [
      'a reply with reasons left out',
      { reply: { error: { template: { set: { id: { OverLimit: 1 } } } } } },
      'reply.error.template.set.id',
    ],
    ['a heartbeat reply without heartbeats', { reply: { heartbeat: { template: {} } } }, 'reply.heartbeat'],
  ];
  test.each(cases)('%s', (_what, change, path) => {
    const paths = pathsOf({ ...good, ...change });
    expect(paths).toContain(path);
  });
});

describe('what can only be found by trying is found at load', () => {
  const withCode = {
    frame: { header: { size: 9 }, length: { parts: [{ offset: 0, type: 'u32' }] } },
    fields: { id: { offset: 4, type: 'u32' }, code: { offset: 8, type: 'u8' } },
    identity: { requestId: 'id' },
    status: { error: 'code != 0' },
  };

  test('an error reply that is no error', () => {
    const problems = problemsOf({ ...withCode, reply: { error: { template: { set: { code: 0 } } } } });
    expect(problems.map(({ path, message }) => [path, message])).toEqual([
      ['reply.error.template', 'The reply that this writes is no error.'],
    ]);
    expect(problemsOf({ ...withCode, reply: { error: { template: { set: { code: 1 } } } } })).toEqual([]);
  });

  test('an error reply that is a request', () => {
    const kind = { default: 'request', rules: [{ when: 'code & 0x80', kind: 'response' }] };
    const template = { set: { code: 1 } };
    expect(pathsOf({ ...withCode, kind, reply: { error: { template } } })).toContain('reply.error.template');
    expect(pathsOf({ ...withCode, kind, reply: { error: { template: { set: { code: 0x81 } } } } })).toEqual([]);
  });

  test('a heartbeat whose answer would be answered for ever', () => {
    const kind = { rules: [{ when: 'code & 0x40', kind: 'heartbeat' }] };
    const template = { set: { code: 0x41 } };
    expect(pathsOf({ ...withCode, kind, reply: { heartbeat: { template } } })).toEqual(['reply.heartbeat']);
    expect(pathsOf({ ...withCode, kind, reply: { heartbeat: { when: '!(code & 1)', template } } })).toEqual([]);
  });

  test('a frame that cannot be: its magic stands where its length does', () => {
    const frame = { ...good.frame, magic: [{ offset: 0, bytes: 'ffffffff' }] };
    expect(pathsOf({ ...good, frame })).toEqual(['frame']);
  });
});

describe('an id whose bytes mean something else too is refused, since a proxy writes its own into them', () => {
  const length = { parts: [{ offset: 0, type: 'u32' }], counts: 'whole' };
  const withId = (offset: number) => ({
    frame: { header: { size: 12 }, length },
    fields: { id: { offset, type: 'u32' } },
    identity: { requestId: 'id' },
  });
  test.each([
    ['the length', withId(0)],
    ['half of the length', withId(2)],
    ['the magic', { ...withId(4), frame: { ...withId(4).frame, magic: [{ offset: 6, bytes: 'abcd' }] } }],
    [
      'the length of a section',
      {
        ...withId(4),
        sections: [
          {
            name: 'm',
            length: { offset: 6, type: 'u16' },
            decode: 'keyValues',
            schema: { key: 'string(u8)', value: 'string(u8)' },
          },
        ],
      },
    ],
    [
      'the kind',
      {
        ...withId(4),
        fields: { ...withId(4).fields, k: { offset: 5, type: 'u8' } },
        kind: { default: 'request', rules: [{ when: 'k == 113', kind: 'oneway' }] },
      },
    ],
    [
      'the status',
      {
        ...withId(4),
        fields: { ...withId(4).fields, code: { offset: 7, type: 'u8' } },
        status: { error: 'code == 9' },
      },
    ],
  ])('%s', (_what, description) => {
    expect(pathsOf(description)).toEqual(['identity.requestId']);
  });

  test('but not one that a property shows as well', () => {
    expect(pathsOf({ ...withId(4), properties: { id: { from: 'id', as: 'decimal' } } })).toEqual([]);
  });
});

describe('lengths that depend on themselves are refused', () => {
  const pairs = { decode: 'keyValues', schema: { key: 'string(u8)', value: 'string(u8)' } };
  const circle = [
    { name: 'a', after: 'b', size: 1 },
    { name: 'b', after: 'a', size: 1 },
  ];

  test('sections that stand after one another', () => {
    expect(pathsOf({ ...good, sections: circle })).toEqual(['sections[0]', 'sections[1]']);
  });

  test('a varint that counts its own bytes, when frames are to be changed', () => {
    const frame = { header: { size: 0 }, length: { parts: [{ offset: 0, type: 'uleb128' }], counts: 'whole' } };
    const sections = [{ name: 'pairs', ...pairs }];
    expect(pathsOf({ frame, sections })).toEqual([]);
    expect(pathsOf({ frame, sections, mutation: { target: 'pairs' } })).toEqual(['mutation.target']);
  });

  test('two lengths that add up, when neither is that of what changes', () => {
    const parts = [
      { offset: 0, type: 'u16' },
      { offset: 2, type: 'u16' },
    ];
    const frame = { header: { size: 8 }, length: { parts, counts: 'afterHeader' } };
    const sections = [{ name: 'pairs', ...pairs }];
    expect(pathsOf({ frame, sections, mutation: { target: 'pairs' } })).toEqual(['mutation.target']);
    const owned = [{ name: 'pairs', length: { offset: 0, type: 'u16' }, ...pairs }];
    expect(pathsOf({ frame, sections: owned, mutation: { target: 'pairs' } })).toEqual([]);
  });
});

describe('nothing that a description says makes compiling throw', () => {
  test('any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(problemsOf(value).length).toBeGreaterThan(0);
      }),
    );
  });

  test('a good description with anything in any place', () => {
    const rich = {
      ...good,
      limits: { maxFrame: '1MiB', maxProperties: 3 },
      identity: { requestId: 'id', correlation: 'id' },
      kind: { rules: [{ when: 'id == 1', kind: 'oneway' }] },
      status: { error: 'id > 5' },
      sections: [
        { name: 'head', length: { type: 'u16' }, decode: 'protobuf', schema: { a: { path: '1.2', type: 'map' } } },
      ],
      properties: { a: { from: 'head.a' } },
      mutation: { target: 'head.a' },
      reply: { error: { template: { set: { id: 7 }, body: [{ type: 'string(u8)', from: 'message' }] } } },
    };
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, { toString: false }, -1, 1e9, 'u8', 'id', [], {}, [{}], '((((', 'head'),
    );
    fc.assert(
      fc.property(fc.nat(), odd, (place, value) => {
        problemsOf(replaceAt(rich, place, value));
      }),
      { numRuns: 500 },
    );
  });

  test('a value that contains itself', () => {
    const loop: Record<string, unknown> = { ...good };
    loop.sections = [loop];
    expect(problemsOf(loop).length).toBeGreaterThan(0);
  });
});

/** A copy with the value at one of all the places inside. */
function replaceAt(root: unknown, place: number, value: unknown): unknown {
  const paths: (readonly (string | number)[])[] = [];
  const collect = (node: unknown, path: readonly (string | number)[]): void => {
    paths.push(path);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) collect(child, [...path, Array.isArray(node) ? Number(key) : key]);
  };
  collect(root, []);
  const set = (node: unknown, path: readonly (string | number)[]): unknown => {
    const [first, ...rest] = path;
    if (first === undefined) return value;
    if (Array.isArray(node)) return node.map((item: unknown, index) => (index === first ? set(item, rest) : item));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([key, child]: [string, unknown]) => [key, key === first ? set(child, rest) : child]),
    );
  };
  return set(root, paths[place % paths.length] ?? []);
}
