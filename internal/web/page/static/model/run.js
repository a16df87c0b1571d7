/**
 * A run with all of its times as microseconds since its begin, and what a cursor
 * asks of it. Pure: nothing here is made up, only looked up.
 * @typedef {import('./types.js').Run} Run
 * @typedef {import('./types.js').Message} Message
 * @typedef {import('./types.js').Evidence} Evidence
 */
import { micros } from './time.js';

/**
 * @typedef {object} Span a message or an activity in time
 * @property {number} t0 the earliest time at which it can have begun
 * @property {number} t1 the time by which it was over
 * @property {number} at when it counts as sent: by a clock, else by which it must have been
 * @property {boolean} exact whether clocks say both; else they only bound it
 */

/** @typedef {ReturnType<typeof openRun>} OpenRun */

/**
 * @param {Run} run
 */
export function openRun(run) {
  const zero = firstTime(run);
  const since = (/** @type {string|null|undefined} */ text) => micros(text) - zero;
  const messages = run.messages.map((message) => ({ ...message, ...messageSpan(message, since) }));
  const activities = nest(run.activities.map((each) => ({ ...each, t0: since(each.begin), t1: each.end ? since(each.end) : since(run.end), going: !each.end, depth: 0 })));
  const revisions = settle((run.trace.revisions ?? []).map((each) => ({ ...each, t: since(each.time) })));
  const moments = settle(run.moments.map((each, index) => ({ ...each, index, t: since(each.at) })));
  const evidence = run.evidence.map((each) => ({ ...each, t: since(each.time) }));
  const ends = [since(run.end), ...moments.map((each) => each.t), ...messages.map((each) => each.t1)];
  return {
    run,
    trace: run.trace,
    zero,
    since,
    end: Math.max(0, ...ends.filter(Number.isFinite)),
    actors: run.actors,
    nodes: run.nodes ?? [],
    messages,
    activities,
    revisions,
    moments,
    evidence,
    states: new Map(run.states.map((each) => [each.revision, each])),
    actor: new Map(run.actors.map((each) => [each.id, each])),
    message: new Map(messages.map((each) => [each.id, each])),
    activity: new Map(activities.map((each) => [each.id, each])),
    piece: new Map(evidence.map((each) => [each.id, each])),
    step: new Map(run.trace.steps.map((each) => [each.step, each])),
    deciding: (run.trace.attempts ?? []).find((each) => each.deciding),
  };
}

/** @param {Run} run */
function firstTime(run) {
  const times = [run.begin, ...run.moments.map((each) => each.at), ...run.messages.map((each) => each.sentAt)];
  const known = times.map(micros).filter(Number.isFinite);
  return run.begin ? micros(run.begin) : known.length ? Math.min(...known) : 0;
}

/**
 * @param {Message} message
 * @param {(text?: string) => number} since
 * @returns {Span}
 */
function messageSpan(message, since) {
  const sent = since(message.sentAt);
  const received = since(message.receivedAt);
  const t0 = first(sent, since(message.notBefore), received, since(message.notAfter));
  const t1 = first(received, since(message.notAfter), sent, since(message.notBefore));
  const at = first(sent, received, since(message.notAfter), since(message.notBefore));
  return { t0, t1, at, exact: Number.isFinite(sent) && Number.isFinite(received) };
}

/** @param {...number} times */
function first(...times) {
  return times.find(Number.isFinite) ?? NaN;
}

/**
 * What has no time stands where its neighbours in the list are: the order is known.
 * @template {{t: number}} T
 * @param {T[]} list
 */
function settle(list) {
  let last = 0;
  return list.map((each) => {
    const timed = Number.isFinite(each.t);
    if (timed) last = Math.max(last, each.t);
    return { ...each, t: last, timed };
  });
}

/**
 * Says how deep each activity is inside of others.
 * @template {{id: string, parent?: string, depth: number}} T
 * @param {T[]} activities
 */
function nest(activities) {
  const byID = new Map(activities.map((each) => [each.id, each]));
  for (const each of activities) {
    let parent = each.parent;
    while (parent && each.depth < 8) {
      each.depth++;
      parent = byID.get(parent)?.parent;
    }
  }
  return activities;
}

/**
 * The index of the last entry by a time; -1 for none. Entries are in the order of time.
 * @param {{t: number}[]} list
 * @param {number} t
 */
export function lastBy(list, t) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].t <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * The steps that are completed at a moment.
 * @param {OpenRun} open
 * @param {number} moment index of it; -1 for none
 */
export function stepsDone(open, moment) {
  return new Set(open.moments.slice(0, moment + 1).map((each) => each.step ?? 0).filter(Boolean));
}

/**
 * The moment that completes a step; -1 where the step is not in the run.
 * @param {OpenRun} open
 * @param {number} step
 */
export function momentOfStep(open, step) {
  return open.moments.findLastIndex((each) => each.step === step);
}

/**
 * The moment that a revision was made at; -1 where none is.
 * @param {OpenRun} open
 * @param {number} revision
 */
export function momentOfRevision(open, revision) {
  return open.moments.findIndex((each) => each.revision === revision);
}

/**
 * The key of the lane that a message takes on the map.
 * @param {{from: string, to: string}} message
 */
export function laneKey(message) {
  return `${message.from}>${message.to}`;
}

/**
 * Whether a message has begun by a time.
 * @param {Span} message
 * @param {number} t
 */
export function begunBy(message, t) {
  return message.at <= t;
}

/**
 * The newest message of each lane by a time, and how many there were. Those that belong
 * to the cursor's moment come first.
 * @param {OpenRun} open
 * @param {number} t
 * @param {Set<string>} now IDs of the messages of the cursor's moment
 */
export function lanesAt(open, t, now) {
  /** @type {Map<string, {message: OpenRun['messages'][number], count: number, now: boolean}>} */
  const lanes = new Map();
  for (const message of open.messages) {
    const current = now.has(message.id);
    if (!current && !begunBy(message, t)) continue;
    const before = lanes.get(laneKey(message));
    const stays = before?.now && !current;
    lanes.set(laneKey(message), {
      message: stays ? before.message : message,
      count: (before?.count ?? 0) + 1,
      now: current || Boolean(before?.now),
    });
  }
  return lanes;
}

/**
 * The newest revision that existed at a cursor; -1 for none.
 * @param {OpenRun} open
 * @param {number} t
 * @param {number} moment index of the cursor's moment
 */
export function revisionIndexAt(open, t, moment) {
  const named = open.moments[moment]?.revision;
  const index = named ? open.revisions.findIndex((each) => each.revision === named) : -1;
  return Math.max(index, lastBy(open.revisions, t));
}

/**
 * What the run had come to at a cursor; before the first moment it is not decided.
 * @param {OpenRun} open
 * @param {{moment: number, revision: number}} cursor
 * @param {boolean} over whether nothing that happened is ahead or hidden
 */
export function outcomeAt(open, cursor, over) {
  if (over) return { outcome: open.trace.outcome, reason: open.trace.reason ?? '' };
  const state = open.states.get(open.revisions[cursor.revision]?.revision ?? -1);
  const outcome = open.moments[cursor.moment]?.outcome ?? state?.outcome;
  if (!outcome) return { outcome: 'Not stored', reason: 'nothing is in etcd yet' };
  return { outcome, reason: state?.outcome === outcome ? state.reason ?? '' : '' };
}

/**
 * The IDs of what proves a moment: its own, or else all that its step has, as where the
 * step sums up what others did.
 * @param {OpenRun} open
 * @param {OpenRun['moments'][number]|undefined} moment
 * @returns {string[]}
 */
export function proofOf(open, moment) {
  if (!moment) return [];
  if (moment.evidence?.length || !moment.step) return moment.evidence ?? [];
  const step = moment.step;
  return open.evidence.filter((each) => each.steps?.includes(step)).map((each) => each.id);
}
