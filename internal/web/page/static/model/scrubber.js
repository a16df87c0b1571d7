/**
 * Places for the moments of a run on a line, evenly in their order. Pure geometry.
 * @typedef {import('./run.js').OpenRun} OpenRun
 */

/**
 * @typedef {object} Stop
 * @property {number} index of the moment
 * @property {number} x from 0 to 1
 * @property {boolean} step whether it completes a step
 * @property {number} revision that it made; 0 for none
 */

/**
 * @param {OpenRun} open
 * @returns {Stop[]}
 */
export function stops(open) {
  const count = open.moments.length;
  let known = 0;
  return open.moments.map((moment, index) => {
    const revision = moment.revision ?? 0;
    const made = revision > known ? revision : 0;
    known = Math.max(known, revision);
    return { index, x: (index + 0.5) / count, step: Boolean(moment.step), revision: made };
  });
}

/**
 * Where a cursor is among the stops, from 0 to 1.
 * @param {OpenRun} open
 * @param {{t: number, moment: number, on: boolean}} cursor
 */
export function placeAmong(open, cursor) {
  const count = open.moments.length;
  if (!count || cursor.moment < 0) return 0;
  const here = (cursor.moment + 0.5) / count;
  const next = open.moments[cursor.moment + 1];
  const from = open.moments[cursor.moment].t;
  if (cursor.on || !next || next.t <= from) return here;
  return here + Math.min(1, (cursor.t - from) / (next.t - from)) / count;
}

/**
 * The labels that have room: those of steps first, then those of revisions.
 * @param {Stop[]} list
 * @param {(stop: Stop) => string} text
 * @param {number} width
 * @param {number} current index of the stop whose label is always there
 */
export function roomFor(list, text, width, current) {
  /** @type {[number, number][]} */
  const taken = [];
  const order = [...list].sort((a, b) => Number(b.index === current) - Number(a.index === current) || Number(b.step) - Number(a.step));
  const kept = new Set();
  for (const stop of order) {
    const half = text(stop).length * 3.3 + 2;
    const x = within(stop.x * width, half, width);
    if (!text(stop) || taken.some(([from, to]) => x - half < to && from < x + half)) continue;
    taken.push([x - half, x + half]);
    kept.add(stop.index);
  }
  return kept;
}

/**
 * The middle of a label that stays inside of the line.
 * @param {number} x
 * @param {number} half of its width
 * @param {number} width of the line
 */
export function within(x, half, width) {
  return Math.max(half, Math.min(width - half, x));
}
