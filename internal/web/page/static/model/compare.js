/**
 * Two runs beside each other, step by step: what they share and where they part. Pure:
 * all of it is in the two runs.
 * @typedef {import('./run.js').OpenRun} OpenRun
 */
import { momentOfStep, revisionIndexAt } from './run.js';
import { duration } from './time.js';

/**
 * @typedef {object} Side one run at one step
 * @property {number} moment index of it
 * @property {number|undefined} t microseconds since the begin; undefined where no source has it
 * @property {string} component
 * @property {string} action
 * @property {string} [effect]
 * @property {number|undefined} revision that etcd had by then
 *
 * @typedef {'only here'|'what'|'when'|'object'} Mark of what differs
 *
 * @typedef {object} Row
 * @property {number} step
 * @property {Side|undefined} left
 * @property {Side|undefined} right
 * @property {Mark[]} marks empty where both are alike
 *
 * @typedef {{what: string, left: string, right: string, differs: boolean}} Fact
 */

/** A time is another where it is this many times as long, and longer by this many microseconds. */
const longer = { times: 2, by: 1000 };

/**
 * The steps of both runs in the order in which the left one completed them; those that
 * only the right one has are where it has them.
 * @param {OpenRun} left
 * @param {OpenRun} right
 * @returns {Row[]}
 */
export function compareSteps(left, right) {
  return merged(order(left), order(right)).map((step) => {
    const sides = { left: sideAt(left, step), right: sideAt(right, step) };
    return { step, ...sides, marks: marksOf(left, right, sides.left, sides.right) };
  });
}

/** The steps of a run as they were completed. @param {OpenRun} open */
function order(open) {
  return open.trace.steps.map((each) => each.step).sort((a, b) => momentOfStep(open, a) - momentOfStep(open, b));
}

/**
 * @param {number[]} steps
 * @param {number[]} others
 */
function merged(steps, others) {
  const all = [...steps];
  others.forEach((step, i) => {
    if (!all.includes(step)) all.splice(i === 0 ? 0 : all.indexOf(others[i - 1]) + 1, 0, step);
  });
  return all;
}

/**
 * @param {OpenRun} open
 * @param {number} number
 * @returns {Side|undefined}
 */
function sideAt(open, number) {
  const step = open.step.get(number);
  if (!step) return undefined;
  const moment = momentOfStep(open, number);
  const at = open.moments[moment];
  const revision = at ? open.revisions[revisionIndexAt(open, at.t, moment)]?.revision : undefined;
  return { moment, t: at?.timed ? at.t : undefined, component: step.component, action: step.action, effect: step.effect, revision };
}

/**
 * @param {OpenRun} a
 * @param {OpenRun} b
 * @param {Side|undefined} left
 * @param {Side|undefined} right
 * @returns {Mark[]}
 */
function marksOf(a, b, left, right) {
  if (!left || !right) return ['only here'];
  /** @type {Mark[]} */
  const marks = [];
  const said = (/** @type {OpenRun} */ open, /** @type {Side} */ side) => neutral(open, `${side.component} ${side.action}`);
  if (said(a, left) !== said(b, right)) marks.push('what');
  if (left.t !== undefined && right.t !== undefined && isLonger(left.t, right.t)) marks.push('when');
  const stored = (/** @type {OpenRun} */ open, /** @type {Side} */ side) => neutral(open, JSON.stringify(alike(storedAt(open, side))) ?? '');
  if (stored(a, left) !== stored(b, right)) marks.push('object');
  return marks;
}

/**
 * @param {number} a
 * @param {number} b
 */
function isLonger(a, b) {
  const [short, long] = a < b ? [a, b] : [b, a];
  return long > short * longer.times && long - short >= longer.by;
}

const unlike = /\b(?:[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}|\d\d:\d\d:\d\d(?:\.\d+)?)\b/g;

/**
 * A text without what is another in any two runs: the name of its own object, IDs and
 * times of day.
 * @param {OpenRun} open
 * @param {string} text
 */
function neutral(open, text) {
  const { name } = open.trace.subject;
  return (name ? text.replaceAll(name, '…') : text).replace(unlike, '…');
}

/**
 * What etcd had at a step; undefined where it had nothing, or nobody kept it.
 * @param {OpenRun} open
 * @param {Side|undefined} side
 */
export function storedAt(open, side) {
  return side?.revision === undefined ? undefined : open.states.get(side.revision)?.object;
}

const identity = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'managedFields']);
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/**
 * An object without what is another in any two runs: its identity, and times.
 * @param {any} value
 * @returns {any}
 */
export function alike(value) {
  if (Array.isArray(value)) return value.map(alike);
  if (typeof value === 'string') return time.test(value) ? '(a time)' : value;
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !identity.has(key)).map(([key, each]) => [key, alike(each)]));
}

/**
 * How both ended, and what was decided on the way.
 * @param {OpenRun} left
 * @param {OpenRun} right
 * @returns {Fact[]}
 */
export function compareEndings(left, right) {
  const fact = (/** @type {string} */ what, /** @type {(open: OpenRun) => string} */ of) => {
    const sides = { left: of(left), right: of(right) };
    return { what, ...sides, differs: neutral(left, sides.left) !== neutral(right, sides.right) };
  };
  const lengths = { what: 'Took', left: duration(left.end), right: duration(right.end), differs: isLonger(left.end, right.end) };
  const decided = left.trace.attempts?.length || right.trace.attempts?.length;
  return [
    fact('Outcome', ({ trace }) => trace.outcome),
    fact('Why', ({ trace }) => trace.reason ?? ''),
    lengths,
    fact('States in etcd', (open) => String(open.revisions.length + (open.trace.revisionsOmitted ?? 0))),
    ...(decided ? [
      fact('Attempts to schedule', ({ trace }) => String(trace.attempts?.length ?? 0)),
      fact('Chosen node', ({ deciding }) => deciding?.node ?? 'none'),
      fact('Nodes that fitted', ({ deciding }) => (deciding ? `${deciding.nodesFeasible} of ${deciding.nodesEvaluated} looked at` : 'not known')),
      fact('Points of the chosen node', ({ deciding }) => String(deciding?.nodes?.find((each) => each.name === deciding.node)?.total ?? 'not known')),
      fact('Rejected', ({ deciding }) => (deciding?.rejections ?? []).map((each) => `${each.nodes} by ${each.plugin}: ${each.reason}`).join('; ') || 'no node'),
    ] : []),
  ].filter((each) => each.left || each.right);
}

/**
 * The index of the row that is so many on from a step, within the rows.
 * @param {Row[]} rows
 * @param {number} step
 * @param {number} count
 */
export function rowAfter(rows, step, count) {
  const at = rows.findIndex((each) => each.step === step);
  return Math.max(0, Math.min(rows.length - 1, at + count));
}
