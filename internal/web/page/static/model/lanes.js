/**
 * Where the rows and labels of the lanes are. Pure geometry.
 * @typedef {import('./run.js').OpenRun} OpenRun
 * @typedef {import('./scale.js').TimeScale} TimeScale
 */
import { short } from './text.js';

/** Height of a row, of a bar, and of a level of bars inside of bars. */
const row = 40;
export const bar = 12;
const level = 15;
const top = 30;

/** How deep bars inside of bars are drawn. */
const deepest = 4;

/**
 * @typedef {object} Row
 * @property {string} id of the actor
 * @property {string} kind
 * @property {string} name
 * @property {number} y
 */

/**
 * @param {OpenRun} open
 * @returns {{rows: Map<string, Row>, height: number}}
 */
export function layRows(open) {
  const depth = new Map();
  for (const each of open.activities) {
    depth.set(each.actor, Math.min(deepest, Math.max(depth.get(each.actor) ?? 0, each.depth)));
  }
  const rows = new Map();
  let y = top;
  for (const actor of open.actors) {
    rows.set(actor.id, { id: actor.id, kind: actor.kind, name: actor.name, y });
    y += row + (depth.get(actor.id) ?? 0) * level;
  }
  return { rows, height: y - row + 26 };
}

/**
 * The bars of the activities, those inside of others below them.
 * @param {OpenRun} open
 * @param {Map<string, Row>} rows
 * @param {TimeScale} scale
 * @param {number} horizon
 */
export function bars(open, rows, scale, horizon) {
  return open.activities.filter((each) => each.t0 <= horizon && each.depth <= deepest && rows.has(each.actor)).map((each) => {
    const x = scale.x(each.t0);
    const w = Math.max(1.5, scale.x(Math.min(each.t1, horizon)) - x);
    const y = (rows.get(each.actor)?.y ?? 0) - bar / 2 + each.depth * level;
    return { activity: each, kind: rows.get(each.actor)?.kind ?? '', x, y, w, label: w > 44 && each.depth > 0 ? short(each.label, Math.floor((w - 6) / 6.6)) : '' };
  });
}

/**
 * The arrows of the messages, each with a label where there is room for one.
 * @param {OpenRun} open
 * @param {Map<string, Row>} rows
 * @param {TimeScale} scale
 * @param {number} horizon
 */
export function arrows(open, rows, scale, horizon) {
  const list = open.messages.filter((each) => each.at <= horizon && rows.has(each.from) && rows.has(each.to)).map((message) => {
    const [from, to] = drawnBetween(message);
    const a = { x: scale.x(from), y: rows.get(message.from)?.y ?? 0 };
    const b = { x: scale.x(to), y: rows.get(message.to)?.y ?? 0 };
    return { message, kind: open.actor.get(message.from)?.kind ?? 'client', a, b };
  });
  /** @type {Label[]} */
  const taken = [];
  const right = Math.max(0, ...list.map((each) => Math.max(each.a.x, each.b.x))) + 22;
  return list.map((arrow, index) => {
    const near = list.slice(Math.max(0, index - 24), index + 24).filter((each) => each !== arrow);
    const label = placeLabel(labelText(arrow.message), arrow, near, taken, right);
    if (label) taken.push(label);
    return { ...arrow, label };
  });
}

/**
 * A write that no clock has needs no label: its answer beside it has one.
 * @param {OpenRun['messages'][number]} message
 */
function labelText(message) {
  return message.kind === 'write' && !message.exact ? '' : short(message.label, 16);
}

/**
 * @typedef {object} Label
 * @property {string} text
 * @property {number} x where it begins
 * @property {number} y of its line
 * @property {number} w
 */

/** @typedef {{a: {x: number, y: number}, b: {x: number, y: number}}} Line */

/**
 * The place beside an arrow that touches no other label and the fewest other arrows.
 * @param {string} text
 * @param {Line} arrow
 * @param {Line[]} near
 * @param {Label[]} taken
 * @param {number} right where the drawing ends
 * @returns {Label|null}
 */
function placeLabel(text, arrow, near, taken, right) {
  const w = text.length * 6.7;
  const y = labelHeight(arrow.a, arrow.b);
  const part = (y - 4 - arrow.a.y) / (arrow.b.y - arrow.a.y || 1);
  const x = arrow.a.x + (arrow.b.x - arrow.a.x) * part;
  let best = null;
  let least = Infinity;
  for (const [shift, price] of /** @type {[number, number][]} */ ([[6, 0], [-w - 6, 0.5], [18, 0.7], [-w - 18, 1]])) {
    const label = { text, x: x + shift, y, w };
    if (!text || label.x < 2 || label.x + w > right || taken.some((each) => Math.abs(each.y - y) < 13 && each.x < label.x + w + 4 && label.x < each.x + each.w + 4)) continue;
    const cost = price + near.filter((each) => crosses(each, label)).length;
    if (cost < least) [best, least] = [label, cost];
  }
  return best;
}

/**
 * Whether a line leads through a label.
 * @param {Line} line
 * @param {Label} label
 */
function crosses({ a, b }, label) {
  const [top, bottom] = a.y < b.y ? [a, b] : [b, a];
  if (bottom.y < label.y - 10 || top.y > label.y + 2) return false;
  const part = (label.y - 4 - top.y) / (bottom.y - top.y || 1);
  const x = top.x + (bottom.x - top.x) * Math.min(1, Math.max(0, part));
  return x > label.x - 2 && x < label.x + label.w + 2;
}

/**
 * A write to etcd and its answer that no clock has are within the same bounds, one after
 * the other: they are drawn as the two halves of it.
 * @param {OpenRun['messages'][number]} message
 * @returns {[number, number]}
 */
function drawnBetween(message) {
  const { t0, t1 } = message;
  if (message.sentAt || message.receivedAt) return [t0, t1];
  const middle = (t0 + t1) / 2;
  if (message.kind === 'write') return [t0, middle];
  if (message.kind === 'stored') return [middle, t1];
  return [t0, t1];
}

/**
 * A label stands above the lower row, clear of its line and of the bars of the upper one.
 * @param {{y: number}} a
 * @param {{y: number}} b
 */
function labelHeight(a, b) {
  return Math.max(a.y, b.y) - 11;
}

/**
 * All times of a run at which something begins or ends, for a scale by waits.
 * @param {OpenRun} open
 */
export function knots(open) {
  return [0, ...open.messages.flatMap((each) => [each.t0, each.t1]), ...open.activities.flatMap((each) => [each.t0, each.t1]),
    ...open.moments.map((each) => each.t), open.end].filter((t) => Number.isFinite(t) && t >= 0);
}
