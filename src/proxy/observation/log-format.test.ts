import { expect, it } from 'vitest';
import { compileJsonFormat, compileTextFormat, DEFAULT_TEXT_FORMAT, type LogRecord } from './log-format.ts';

const record: LogRecord = {
  startTime: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  duration: 12.4,
  requestBytes: 100,
  responseBytes: 200,
  responseCode: 0,
  detail: 'via_upstream',
  termination: '',
  transportFailure: '',
  route: 'default',
  cluster: 'a',
  upstreamHost: '10.0.0.1:80',
  upstreamLocalAddress: '10.0.0.2:1234',
  downstreamLocalAddress: '10.0.0.3:90',
  downstreamRemoteAddress: '10.0.0.4:5555',
  applicationProtocol: 'awesomerpc',
  requestProperties: [],
  responseProperties: [],
};

it("writes Aeraki's default line, request bytes as sent and reply bytes as received", () => {
  expect(compileTextFormat(DEFAULT_TEXT_FORMAT).render(record)).toBe(
    '[2026-01-02T03:04:05.006Z] awesomerpc 0 via_upstream - "-" 200 100 12  "-" "-" a 10.0.0.2:1234 10.0.0.3:90 10.0.0.4:5555 default\n',
  );
});

it('names the properties that it needs, takes the first that is there, and cuts to a length', () => {
  const format = compileTextFormat('%REQ(cmd):3% %REQ(a?b)% %RESP(code)%\n');
  expect(format.requestProperties).toEqual(['cmd', 'a', 'b']);
  expect(format.responseProperties).toEqual(['code']);
  const line = format.render({ ...record, requestProperties: ['12345', undefined, 'b'], responseProperties: ['7'] });
  expect(line).toBe('123 b 7\n');
});

it('does not let a value forge a line', () => {
  const format = compileTextFormat('"%REQ(x)%"\n');
  expect(format.render({ ...record, requestProperties: ['a"\n[fake]'] })).toBe('"a\\x22\\x0a[fake]"\n');
});

it('writes JSON with the types of the values', () => {
  const format = compileJsonFormat({
    code: '%RESPONSE_CODE%',
    at: 'x %ROUTE_NAME%',
    none: '%REQ(none)%',
    deep: ['%DURATION%'],
  });
  expect(JSON.parse(format.render({ ...record, requestProperties: [undefined] }))).toEqual({
    code: 0,
    at: 'x default',
    none: null,
    deep: [12],
  });
});

it('refuses a format with a malformed operator', () => {
  expect(() => compileTextFormat('a %REQ(x b')).toThrow('malformed operator');
});
