import { describe, expect, it } from 'vitest';
import { templateFunctions } from './functions.ts';
import { Rendering } from './rendering.ts';
import { parseTemplate } from './syntax.ts';

function render(text: string, values: object = {}): string {
  const template = parseTemplate('test.yaml', text);
  const functions = templateFunctions(() => ({}));
  return new Rendering([template], functions).render(template.nodes, { Values: values });
}

describe('a template', () => {
  it.each([
    ['a {{ .Values.x }} b', { x: 1 }, 'a 1 b'],
    ['a {{- .Values.x -}} b', { x: 1 }, 'a1b'],
    ['a\n{{- /* why */ -}}\nb', {}, 'ab'],
    ['{{ .Values.none.deeper }}', {}, ''],
    ['{{ if .Values.x }}yes{{ else }}no{{ end }}', { x: [] }, 'no'],
    ['{{ if .Values.x }}1{{ else if .Values.y }}2{{ else }}3{{ end }}', { y: 1 }, '2'],
    ['{{ with .Values.x }}{{ .y }}{{ $.Values.z }}{{ end }}', { x: { y: 1 }, z: 2 }, '12'],
    ['{{ range .Values.x }}<{{ . }}>{{ else }}none{{ end }}', { x: [1, 2] }, '<1><2>'],
    ['{{ range .Values.x }}<{{ . }}>{{ else }}none{{ end }}', { x: [] }, 'none'],
    ['{{ range $key, $value := .Values.x }}{{ $key }}={{ $value }};{{ end }}', { x: { b: 2, a: 1 } }, 'a=1;b=2;'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', {}, '2'],
    ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}', {}, '1'],
    ['{{ .Values.x | default "a" | quote }}', {}, '"a"'],
    ['{{ eq (.Values.x | default 1) 1 }}', {}, 'true'],
    ['{{ (dict "a" (dict "b" 3)).a.b }}', {}, '3'],
    ['{{ dig "a" "b" "none" .Values }}', { a: { b: 'x' } }, 'x'],
    ['{{ dig "a" "b" "none" .Values }}', {}, 'none'],
    ['{{ printf "--x=%s" .Values.x }}', { x: 'y' }, '--x=y'],
    ['x:{{ toYaml .Values.x | nindent 2 }}', { x: { b: [1], a: 'on' } }, "x:\n  a: 'on'\n  b:\n    - 1"],
    ['{{ define "t" }}<{{ .a }}>{{ end }}{{ include "t" .Values }}', { a: 1 }, '<1>'],
    ['{{ and .Values.x .Values.y }}|{{ or .Values.x .Values.y }}', { x: '', y: 'b' }, '|b'],
    ['{{ "a}}b" }}', {}, 'a}}b'],
  ])('%s', (text, values, expected) => {
    expect(render(text, values)).toBe(expected);
  });

  it.each([
    ['{{ b64enc "a" }}', 'b64enc'],
    ['{{ if .Values.x }}', 'end'],
    ['{{ .Values.x', 'not closed'],
    ['{{ include "nothing" . }}', 'nothing'],
    ['{{ .Values.x }}', 'toYaml'],
    ['{{ (eq 1 1 }}', 'parenthesis'],
  ])('that is not of our part of the language is refused: %s', (text, why) => {
    expect(() => render(text, { x: { y: 1 } })).toThrow(why);
  });
});
