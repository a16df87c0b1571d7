import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const vendor = new URL('../static/vendor/', import.meta.url);

test('vendored libraries import only each other', async () => {
  const files = await readdir(vendor);
  const imports = [];
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const source = await readFile(new URL(file, vendor), 'utf8');
    assert.match(source, /export\s*\{/, `${file} exports nothing`);
    imports.push(...[...source.matchAll(/(?:^|[;\n])(?:import|export)[^"'`;()]*from\s*"([^"]+)"/g)].map(([, name]) => name));
  }
  assert.ok(imports.includes('./preact.js'));
  assert.deepEqual(imports.filter((name) => !(name.startsWith('./') && files.includes(name.slice(2)))), []);
});

test('signals re-render the components of the same Preact', async () => {
  const { options } = await import('../static/vendor/preact.js');
  const before = { ...options };
  await import('../static/vendor/signals.js');
  assert.notDeepEqual({ ...options }, before);
});

test('every vendored library has its licence', async () => {
  const licences = await readFile(new URL('LICENSES.txt', vendor), 'utf8');
  for (const file of await readdir(vendor)) {
    const [, name, version] = (await readFile(new URL(file, vendor), 'utf8')).match(/^\/\*! (\S+) ([\d.]+), /) ?? [];
    if (name && name !== 'preact/hooks') {
      assert.ok(licences.includes(`\n${name} ${version} (`), `${name} ${version}`);
    }
  }
});
