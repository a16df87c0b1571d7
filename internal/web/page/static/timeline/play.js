/**
 * Playing: how far the cursor goes in so many milliseconds of the reader's time. Pure.
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('./cursor.js').Cursor} Cursor
 */
import { atMoment, atTime } from './cursor.js';

/** The speeds: step by step, or so many times as fast as it was. */
export const speeds = /** @type {const} */ ([
  { id: 'step', name: 'step by step', rate: 0 },
  { id: '0.01', name: '1/100 of real time', rate: 0.01 },
  { id: '0.1', name: '1/10 of real time', rate: 0.1 },
  { id: '1', name: 'real time', rate: 1 },
  { id: '10', name: '10 times real time', rate: 10 },
]);

/** Milliseconds that a step stays when it plays step by step. */
export const stepPause = 1400;

/**
 * @typedef {object} Playback
 * @property {Cursor} cursor
 * @property {number} waited milliseconds since the last step; for step by step
 * @property {boolean} over whether the end is reached
 */

/**
 * @param {OpenRun} open
 * @param {Playback} playback
 * @param {number} rate of speeds; 0 is step by step
 * @param {number} passed milliseconds
 * @returns {Playback}
 */
export function advance(open, playback, rate, passed) {
  return rate === 0 ? advanceSteps(open, playback, passed) : advanceTime(open, playback, rate, passed);
}

/**
 * @param {OpenRun} open
 * @param {Playback} playback
 * @param {number} passed
 */
function advanceSteps(open, playback, passed) {
  const last = open.moments.length - 1;
  const waited = playback.waited + passed;
  if (playback.cursor.moment >= last) return { ...playback, over: true };
  if (waited < stepPause) return { ...playback, waited };
  const cursor = atMoment(open, playback.cursor.moment + 1);
  return { cursor, waited: 0, over: cursor.moment >= last };
}

/**
 * @param {OpenRun} open
 * @param {Playback} playback
 * @param {number} rate
 * @param {number} passed
 */
function advanceTime(open, playback, rate, passed) {
  const t = Math.max(0, playback.cursor.t) + passed * 1000 * rate;
  return { cursor: atTime(open, t), waited: 0, over: t >= open.end };
}
