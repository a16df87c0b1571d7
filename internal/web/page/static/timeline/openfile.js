// Runs that were saved.

import { visible } from '../model/text.js';

/** No saved run is larger. */
const mostBytes = 64 << 20;

/** Where a saved page has its run: as JSON, which has no angle bracket there. */
const element = /<script type="application\/json" id="run">([^<]*)<\/script>/;

/**
 * readRun takes the run out of a file that the page or walk -o html wrote, or that has
 * the JSON of a run. Nothing in the file is carried out.
 * @param {File} file
 * @returns {Promise<import('../model/types.js').Run>}
 */
export async function readRun(file) {
  if (file.size > mostBytes) throw new Error(`${visible(file.name)} has ${file.size} bytes, and no saved run has more than ${mostBytes}`);
  return runOf(await file.text(), file.name);
}

/**
 * runOf reads the text of a file.
 * @param {string} text
 * @param {string} name of the file, for errors
 * @returns {import('../model/types.js').Run}
 */
export function runOf(text, name) {
  const json = /^\s*</.test(text) ? element.exec(text)?.[1] ?? '' : text;
  let run;
  try {
    run = JSON.parse(json);
  } catch {
    throw new Error(`${visible(name)} has no run in it: open one that "Save" or "walk -o html" wrote`);
  }
  for (const part of ['messages', 'activities', 'moments', 'states', 'evidence', 'actors']) {
    if (!Array.isArray(run?.[part])) throw new Error(`${visible(name)} is not a run: it has no ${part}; open one that "Save" or "walk -o html" wrote`);
  }
  if (!Array.isArray(run.trace?.steps)) throw new Error(`${visible(name)} is not a run: it has no trace`);
  return run;
}
