/**
 * Scales that put the times of a run on a line.
 */
import { scaleLinear, scaleLog } from '../vendor/d3-scale.js';
import { duration } from './time.js';

/**
 * @typedef {object} TimeScale
 * @property {(t: number) => number} x
 * @property {(x: number) => number} t the time at a place
 * @property {{t: number, label: string}[]} ticks
 */

/**
 * Time as length.
 * @param {number} from
 * @param {number} to
 * @param {[number, number]} range
 * @returns {TimeScale}
 */
export function linear(from, to, range) {
  const scale = scaleLinear([from, Math.max(to, from + 1)], range);
  const count = Math.max(2, Math.floor((range[1] - range[0]) / 96));
  return {
    x: (t) => scale(t),
    t: (x) => scale.invert(x),
    ticks: scale.ticks(count).map((t) => ({ t, label: duration(t) })),
  };
}

/**
 * Each wait between two times is as long as its logarithm says, so that 0.1 ms and
 * 30 s are both readable, wherever in the run they are.
 * @param {number[]} times at which something happened
 * @param {[number, number]} range
 * @returns {TimeScale}
 */
export function logarithmic(times, range) {
  const knots = [...new Set(times.filter(Number.isFinite))].sort((a, b) => a - b);
  if (knots.length < 2) return linear(knots[0] ?? 0, (knots[0] ?? 0) + 1, range);
  const weight = scaleLog([50, 50e6], [0.35, 6]).clamp(true);
  const places = [0];
  for (let i = 1; i < knots.length; i++) places.push(places[i - 1] + weight(knots[i] - knots[i - 1]));
  const line = scaleLinear(knots, places.map((place) => range[0] + (place / places[places.length - 1]) * (range[1] - range[0])));
  return { x: (t) => line(t), t: (x) => line.invert(x), ticks: spaced(knots, line, 84) };
}

/**
 * The times that have room for a label.
 * @param {number[]} knots
 * @param {(t: number) => number} x
 * @param {number} room
 */
function spaced(knots, x, room) {
  /** @type {TimeScale['ticks']} */
  const ticks = [];
  let last = -Infinity;
  for (const t of knots) {
    if (x(t) - last < room) continue;
    last = x(t);
    ticks.push({ t, label: different(t, ticks.at(-1)?.label ?? '') });
  }
  return ticks;
}

/**
 * Says a time with as many digits as tell it from the one before.
 * @param {number} t
 * @param {string} before
 */
function different(t, before) {
  let label = duration(t);
  for (let more = 1; label === before && more < 6; more++) label = duration(t, more);
  return label;
}
