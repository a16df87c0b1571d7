/**
 * The cursor: one moment of one run. Whatever moves it moves every view. Pure.
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('./address.js').Place} Place
 */
import { lastBy, momentOfRevision, momentOfStep, revisionIndexAt } from '../model/run.js';

/**
 * @typedef {object} Cursor
 * @property {number} t microseconds since the begin of the run
 * @property {number} moment index of the last moment that has happened; -1 for none
 * @property {number} revision index of the newest revision that exists; -1 for none
 * @property {boolean} on whether it stands on that moment, not between two
 */

/** Before everything. */
export const start = /** @type {Cursor} */ ({ t: -1, moment: -1, revision: -1, on: false });

/**
 * The cursor on a moment.
 * @param {OpenRun} open
 * @param {number} index
 * @returns {Cursor}
 */
export function atMoment(open, index) {
  if (index < 0 || !open.moments.length) return start;
  const moment = open.moments[Math.min(index, open.moments.length - 1)];
  return { t: moment.t, moment: moment.index, revision: revisionIndexAt(open, moment.t, moment.index), on: true };
}

/**
 * The cursor at a time, which may be between two moments.
 * @param {OpenRun} open
 * @param {number} t
 * @returns {Cursor}
 */
export function atTime(open, t) {
  if (t < 0) return start;
  const at = Math.min(t, open.end);
  const moment = lastBy(open.moments, at);
  return { t: at, moment, revision: lastBy(open.revisions, at), on: open.moments[moment]?.t === at };
}

/**
 * The cursor on a revision.
 * @param {OpenRun} open
 * @param {number} index of the revision
 * @returns {Cursor}
 */
export function atRevision(open, index) {
  if (index < 0 || !open.revisions.length) return start;
  const revision = open.revisions[Math.min(index, open.revisions.length - 1)];
  const moment = momentOfRevision(open, revision.revision);
  if (moment >= 0) return { ...atMoment(open, moment), revision: Math.min(index, open.revisions.length - 1) };
  return { ...atTime(open, revision.t), revision: Math.min(index, open.revisions.length - 1), on: false };
}

/**
 * The cursor at the newest moment.
 * @param {OpenRun} open
 */
export function atEnd(open) {
  return atMoment(open, open.moments.length - 1);
}

/**
 * The cursor so many moments on (or back). Between two moments, back goes to the last.
 * @param {OpenRun} open
 * @param {Cursor} cursor
 * @param {number} count
 */
export function step(open, cursor, count) {
  const from = count < 0 && !cursor.on && cursor.moment >= 0 ? cursor.moment + 1 : cursor.moment;
  return atMoment(open, Math.max(-1, from + count));
}

/**
 * The cursor so many revisions on (or back).
 * @param {OpenRun} open
 * @param {Cursor} cursor
 * @param {number} count
 */
export function stepRevision(open, cursor, count) {
  return atRevision(open, cursor.revision + count);
}

/**
 * The cursor at a place that an address or a reader names; null where the run has none.
 * @param {OpenRun} open
 * @param {Place} place
 * @returns {Cursor|null}
 */
export function atPlace(open, place) {
  if (place.step !== undefined) {
    const index = momentOfStep(open, place.step);
    return index < 0 ? null : atMoment(open, index);
  }
  if (place.revision !== undefined) {
    const index = open.revisions.findIndex((each) => each.revision === place.revision);
    return index < 0 ? null : atRevision(open, index);
  }
  if (place.moment !== undefined) return atMoment(open, place.moment);
  return place.t === undefined ? null : atTime(open, place.t);
}

/**
 * Names a cursor for an address; atPlace finds it again.
 * @param {OpenRun} open
 * @param {Cursor} cursor
 */
export function placeOf(open, cursor) {
  if (cursor.moment < 0 && cursor.t < 0) return 'start';
  const moment = open.moments[cursor.moment];
  const revision = open.revisions[cursor.revision]?.revision;
  if (cursor.on && moment?.step && momentOfStep(open, moment.step) === moment.index) return `step${moment.step}`;
  if (revision && same(atPlace(open, { revision }), cursor)) return `rev${revision}`;
  if (cursor.on) return `moment${cursor.moment}`;
  return `${Math.round(cursor.t)}us`;
}

/**
 * @param {Cursor|null} one
 * @param {Cursor} other
 */
export function same(one, other) {
  return one !== null && one.t === other.t && one.moment === other.moment && one.revision === other.revision && one.on === other.on;
}
