/**
 * Which run is the newest: that of the latest request, not the one about which something
 * was recorded last. Pure.
 * @typedef {import('./address.js').Subject} Subject
 */
import { micros } from '../model/time.js';

/**
 * @typedef {object} Listed
 * @property {Subject} object
 * @property {number} sequence
 * @property {string} [requestedAt]
 *
 * @typedef {object} Newest
 * @property {Subject} subject
 * @property {number} at microseconds since 1970; NaN where no audit log says so
 * @property {number} sequence
 */

/**
 * The newest of what is listed, if it is newer than the one that is known.
 * @param {Listed[]|undefined} items
 * @param {Newest|null} known
 * @returns {Newest|null}
 */
export function newer(items, known) {
  let best = known;
  for (const { object, sequence, requestedAt } of items ?? []) {
    const each = { subject: object, at: micros(requestedAt), sequence };
    if (!best || after(each, best)) best = each;
  }
  return best === known ? null : best;
}

/**
 * Times of requests decide; where one is not known, the order of what was recorded does,
 * but only for an object that is not on the screen already.
 * @param {Newest} one
 * @param {Newest} other
 */
function after(one, other) {
  if (same(one.subject, other.subject)) return false;
  if (Number.isFinite(one.at) && Number.isFinite(other.at)) return one.at > other.at;
  return Number.isFinite(one.at) || (!Number.isFinite(other.at) && one.sequence > other.sequence);
}

/**
 * @param {Subject} one
 * @param {Subject} other
 */
function same(one, other) {
  return one.resource === other.resource && one.namespace === other.namespace && one.name === other.name && one.uid === other.uid;
}
