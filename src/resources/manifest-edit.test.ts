import { describe, expect, it } from 'vitest';
import { editSpec, findObjects } from './manifest-edit.ts';

const block = `# the move of orders
apiVersion: isthmus.dev/v1alpha1
kind: MigrationPlan
metadata: { name: orders, namespace: shop }
spec:
  # who calls it?
  host: orders.polaris.mesh   # stays
  stage: 'Join' # since Monday
  share: 10
  to: { host: orders.shop.svc.cluster.local }
`;
const other = 'kind: MigrationPlan\nmetadata:\n  name: stock\nspec:\n  host: a.b\n';

describe('editing a manifest', () => {
  it('changes the value and nothing around it', () => {
    expect(editSpec(block, 0, { stage: 'Shift', share: 25 })).toBe(
      block.replace("'Join'", 'Shift').replace('share: 10', 'share: 25'),
    );
  });

  it('adds a field that is not there, in the form of the others', () => {
    expect(editSpec(other, 0, { stage: 'Join' })).toBe(other.replace('  host', '  stage: Join\n  host'));
    expect(editSpec('kind: X\nspec: { host: a }\n', 0, { stage: 'Join' })).toBe(
      'kind: X\nspec: { stage: Join, host: a }\n',
    );
    expect(editSpec('{"kind":"X","spec":{"host":"a"}}', 0, { share: 5 })).toBe(
      '{"kind":"X","spec":{"share": 5, "host":"a"}}',
    );
  });

  it('puts a new field after the one that is named before it', () => {
    const edited = editSpec(block.replace('  share: 10\n', ''), 0, { stage: 'Shift', share: 25 });
    expect(edited).toBe(block.replace("'Join'", 'Shift').replace('share: 10', 'share: 25'));
    expect(editSpec('spec: { stage: Join, host: a }', 0, { stage: 'Shift', share: 5 })).toBe(
      'spec: { stage: Shift, share: 5, host: a }',
    );
    const windows = 'spec:\r\n  stage: Join\r\n  host: a\r\n';
    expect(editSpec(windows, 0, { stage: 'Shift', share: 5 })).toBe(
      'spec:\r\n  stage: Shift\r\n  share: 5\r\n  host: a\r\n',
    );
  });

  it('removes a field with its line, or its comma', () => {
    expect(editSpec(block, 0, { share: undefined })).toBe(block.replace('  share: 10\n', ''));
    expect(editSpec('spec: { share: 5, host: a }', 0, { share: undefined })).toBe('spec: { host: a }');
    expect(editSpec('spec: { host: a, share: 5 }', 0, { share: undefined })).toBe('spec: { host: a }');
    expect(editSpec(other, 0, { share: undefined })).toBe(other);
  });

  it('keeps JSON JSON', () => {
    const json = '{"kind":"MigrationPlan","spec":{"stage":"Join","host":"a"}}';
    expect(JSON.parse(editSpec(json, 0, { stage: 'Shift', share: 5 }))).toEqual({
      kind: 'MigrationPlan',
      spec: { stage: 'Shift', share: 5, host: 'a' },
    });
  });

  it.each([
    ['a block of text', 'spec:\n  stage: |-\n    Join\n  steps: [1, 10]\n'],
    ['has an anchor', 'spec:\n  stage: &s Join\n  steps: [1, *s]\n'],
    ['is empty', 'spec:\n  stage: # soon\n  host: a\n'],
    ['is empty', 'spec:\n  stage:\n  host: a\n'],
    ['has an anchor or a tag', 'spec:\n  stage: !!str Join\n'],
    ['cannot be changed in one place only', 'spec: &spec\n  stage: Join\nstatus: *spec\n'],
  ])('refuses to touch what %s', (reason, text) => {
    expect(() => editSpec(text, 0, { stage: 'Shift', share: undefined })).toThrow(reason);
  });

  it('reaches the right one of several documents', () => {
    const text = `${other}---\n${block}---\n${other}`;
    expect(findObjects(text, { kind: 'MigrationPlan', name: 'orders' })).toEqual([1]);
    expect(findObjects(text, { kind: 'MigrationPlan', namespace: 'shop', name: 'orders' })).toEqual([1]);
    expect(findObjects(text, { kind: 'MigrationPlan', namespace: 'default', name: 'stock' })).toEqual([0, 2]);
    expect(findObjects(text, { kind: 'MigrationPlan', namespace: 'pay', name: 'orders' })).toEqual([]);
    expect(editSpec(text, 1, { stage: 'Shift' })).toBe(text.replace("'Join'", 'Shift'));
  });

  it('keeps the other kind of line ends', () => {
    const windows = block.replaceAll('\n', '\r\n');
    expect(editSpec(windows, 0, { stage: 'Shift' })).toBe(windows.replace("'Join'", 'Shift'));
  });

  it('refuses what has no spec to edit', () => {
    expect(() => editSpec('kind: X\nspec: 5\n', 0, { stage: 'Join' })).toThrow('its spec is no map');
    expect(() => editSpec('kind: X\nspec: {}\n', 0, { stage: 'Join' })).toThrow('its spec is empty');
  });
});
