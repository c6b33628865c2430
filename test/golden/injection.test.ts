/**
 * What `isthmus inject` makes of manifests: injection/NAME.in.yaml becomes NAME.out.yaml, and what is said of it
 * NAME.findings.yaml. `# settings: FILE` in the first line names settings. UPDATE_GOLDEN=1 rewrites what has changed.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { injectManifests } from '../../src/cli/manifest-injection.ts';
import { renderInstallation } from '../../src/cluster-commands/install/install.ts';

const here = path.join(import.meta.dirname, 'injection');
const cases = globSync('*.in.yaml', { cwd: here })
  .map((file) => path.basename(file, '.in.yaml'))
  .sort();
const flags = { filename: 'in.yaml', interception: true, namespace: 'default', uninject: false };

/** Those of the case, whichever of its texts is read. */
async function inject(name: string, text: string, uninject = false) {
  const settings = /^# settings: *(.+)$/m.exec(read(name))?.[1];
  const named = settings === undefined ? {} : { settings: path.join(here, settings) };
  return injectManifests(Buffer.from(text), { ...flags, ...named, uninject });
}

function read(name: string): string {
  return readFileSync(path.join(here, `${name}.in.yaml`), 'utf8');
}

describe('injected manifests', () => {
  it('are there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(6);
  });

  it.each(cases)('%s', async (name) => {
    const { printed, findings } = await inject(name, read(name));
    for (const [kind, content] of Object.entries({ out: printed, findings: stringify(findings, { lineWidth: 0 }) })) {
      const file = path.join(here, `${name}.${kind}.yaml`);
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, content);
      expect(existsSync(file) ? readFileSync(file, 'utf8') : '', `${name}.${kind}`).toBe(content);
    }
  });

  it.each(cases)('%s: once more changes nothing, and taken out nothing of it is left', async (name) => {
    const once = (await inject(name, read(name))).printed;
    expect((await inject(name, once)).printed).toBe(once);
    const back = (await inject(name, once, true)).printed;
    const contents = (text: string) => parseAllDocuments(text).map((document): unknown => document.toJS());
    expect(contents(back)).toEqual(contents(read(name)));
  });

  it('are none where a document cannot be read: it says where', async () => {
    const text = 'kind: Pod\n---\n# Two colons.\nkind: a: b\n';
    await expect(injectManifests(Buffer.from(text), flags)).rejects.toThrow(
      /^in\.yaml:4:\d+: .+\. Nothing was printed\.$/,
    );
  });

  it.each(['', '---\n# Nothing.\n---\n'])('are none where there is no object in %j', async (text) => {
    const asked = injectManifests(Buffer.from(text), flags);
    await expect(asked).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/^in\.yaml holds no object/),
    });
  });

  it.each([
    ['proxi: envoy', 'proxi: There is no such setting. Did you mean proxy?'],
    ['foo: 1', 'foo: There is no such setting. Remove it, or use one of: image, '],
    ['resources: {limit: {}}', 'resources.limit: There is no such setting. Did you mean limits?'],
    ['image: 1', 'image: Must be '],
  ])('are none where a setting is none: %s', async (written, wanted) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-settings-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const settings = path.join(folder, 'settings.yaml');
    writeFileSync(settings, written);
    const asked = injectManifests(Buffer.from(read('deployment')), { ...flags, settings });
    await expect(asked).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(wanted) });
  });

  it('ask the control plane whose settings they are made by, wherever it is installed', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-settings-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const settings = path.join(folder, 'settings.yaml');
    const installation = { release: 'isthmus-canary', namespace: 'mesh', values: [{ revision: 'canary' }] };
    const kept = renderInstallation(installation).find(({ kind, metadata }) => {
      return kind === 'ConfigMap' && Object(metadata).name === 'isthmus-canary-injection';
    });
    writeFileSync(settings, String(Object(kept?.data)['settings.yaml']));
    const { printed } = await injectManifests(Buffer.from(read('deployment')), { ...flags, settings });
    expect(printed).toContain('isthmus-canary.mesh.svc:15012');
    expect(printed).not.toContain('isthmus.isthmus-system.svc');
    expect(printed).toContain('"revision":"canary"');
  });
});
