// Writes the libraries of the page, as package-lock.json has them, to
// internal/web/page/static/vendor, or to the folder that its argument names: one
// ES module each, because browsers resolve no bare names and the page has no
// bundler of its own. Modules import each other by relative paths, so that all of
// the page shares one Preact.
//
// All go through esbuild: d3 and diff come as dozens of files, and one way for
// all is simpler than copying the others. It is used here alone; the files are
// committed, and a build of Glassplane needs neither npm nor node.

import { readdir, readFile, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? path.join(here, '../../internal/web/page/static/vendor'));

/** Module names, each with the file that it becomes. */
const modules = {
  '@preact/signals': 'signals.js',
  '@preact/signals-core': 'signals-core.js',
  'd3-scale': 'd3-scale.js',
  'd3-shape': 'd3-shape.js',
  diff: 'diff.js',
  htm: 'htm.js',
  preact: 'preact.js',
  'preact/hooks': 'hooks.js',
  uplot: 'uplot.js',
};

/** Style sheets, each with the file that it becomes. */
const styles = { 'uplot/dist/uPlot.min.css': 'uplot.css' };

/** Makes imports of other vendored modules relative, and leaves them out. */
function siblings(entry) {
  return {
    name: 'siblings',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path: name }) =>
        name !== entry && name in modules ? { path: `./${modules[name]}`, external: true } : undefined,
      );
    },
  };
}

/** The name of the package that a file in node_modules belongs to. */
function packageOf(file) {
  const [scope, name] = file.split('node_modules/').at(-1).split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

async function manifest(name) {
  return JSON.parse(await readFile(path.join(here, 'node_modules', name, 'package.json'), 'utf8'));
}

async function licence(name) {
  const folder = path.join(here, 'node_modules', name);
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.(md|txt))?$/i.test(entry));
  if (!file) {
    throw new Error(`package ${name} has no licence file`);
  }
  return (await readFile(path.join(folder, file), 'utf8')).replaceAll('\r\n', '\n').trim();
}

async function writeModule(entry, file) {
  const exports = await everyExport(entry);
  // tsc takes the types of a module from the file beside it; hack/page/tsconfig.json
  // says where those of the package are.
  await writeFile(path.join(out, file.replace(/\.js$/, '.d.ts')), exports);
  const { version, license } = await manifest(packageOf(`node_modules/${entry}`));
  const { metafile } = await build({
    absWorkingDir: here,
    stdin: { contents: exports, resolveDir: here },
    outfile: path.join(out, file),
    bundle: true,
    format: 'esm',
    // Not the field browser: diff names a script there that is no module.
    mainFields: ['module', 'main'],
    target: 'es2022',
    charset: 'utf8',
    minify: true,
    legalComments: 'none',
    metafile: true,
    banner: { js: `/*! ${entry} ${version}, ${license}: see LICENSES.txt */` },
    plugins: [siblings(entry)],
  });
  return Object.keys(metafile.inputs).filter((input) => input.includes('node_modules/')).map(packageOf);
}

/** A module that exports all that entry does, its default too where it has one. */
async function everyExport(entry) {
  const source = `'${entry}'`;
  const { default: fallback } = await import(entry);
  return `export * from ${source};\n` + (fallback === undefined ? '' : `export { default } from ${source};\n`);
}

async function writeStyle(source, file) {
  const css = await readFile(path.join(here, 'node_modules', source), 'utf8');
  await writeFile(path.join(out, file), css.trim() + '\n');
  return [packageOf(`node_modules/${source}`)];
}

async function writeLicences(packages) {
  const texts = [];
  for (const name of [...new Set(packages)].sort()) {
    const { version, license } = await manifest(name);
    texts.push(`${name} ${version} (${license})\n\n${await licence(name)}\n`);
  }
  const rule = '\n' + '-'.repeat(78) + '\n\n';
  await writeFile(
    path.join(out, 'LICENSES.txt'),
    'The libraries in this folder, written by hack/page/vendor.mjs.\n' + rule + texts.join(rule),
  );
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const packages = [];
for (const [entry, file] of Object.entries(modules)) {
  packages.push(...(await writeModule(entry, file)));
}
for (const [source, file] of Object.entries(styles)) {
  packages.push(...(await writeStyle(source, file)));
}
await writeLicences(packages);
