/**
 * The timeline holds the one cursor that everything on the page hangs on, and what may
 * move it: a reader, the player, and LIVE.
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('../model/types.js').Run} Run
 * @typedef {import('./cursor.js').Cursor} Cursor
 * @typedef {import('./address.js').Place} Place
 */
import { openRun } from '../model/run.js';
import { batch, computed, signal } from '../vendor/signals-core.js';
import { parsePlace } from './address.js';
import * as cursors from './cursor.js';
import * as playing from './play.js';
import * as predicting from './predict.js';

/** @typedef {ReturnType<typeof createTimeline>} Timeline */

/**
 * @typedef {object} Frames calls back before the next picture; a browser's
 * @property {(callback: (now: number) => void) => number} request
 * @property {(id: number) => void} cancel
 */

/**
 * @param {Frames} frames
 */
export function createTimeline(frames) {
  const open = signal(/** @type {OpenRun|null} */ (null));
  const cursor = signal(cursors.start);
  const live = signal(true);
  const speed = signal(/** @type {string} */ ('step'));
  const isPlaying = signal(false);
  const prediction = signal(/** @type {predicting.Prediction|null} */ (null));
  const asked = signal(false);
  /** @type {Place|null} */
  let pending = null;
  let frame = 0;

  const horizon = computed(() => (open.value ? predicting.horizon(open.value, prediction.value) : Infinity));
  const moment = computed(() => open.value?.moments[cursor.value.moment]);
  const frontier = computed(() => prediction.value?.frontier ?? Infinity);

  /**
   * Moves the cursor; not beyond what is to be predicted first.
   * @param {Cursor} to
   */
  function move(to) {
    if (!open.value) return;
    const beyond = to.moment > frontier.value || to.t > horizon.value;
    const allowed = beyond ? cursors.atMoment(open.value, frontier.value) : to;
    batch(() => {
      asked.value = beyond;
      cursor.value = allowed;
    });
  }

  /**
   * Moves the cursor because a reader wants so: it no longer follows.
   * @param {Cursor|null} to
   */
  function seek(to) {
    if (!to) return false;
    batch(() => {
      live.value = false;
      move(to);
    });
    return true;
  }

  /** @param {(open: OpenRun) => Cursor|null} where */
  const seekTo = (where) => (open.value ? seek(where(open.value)) : false);

  /**
   * Shows a run, or what has become of it. The cursor stays where it is, unless it
   * follows the newest.
   * @param {Run|null} run
   */
  function show(run) {
    const next = run ? openRun(run) : null;
    batch(() => {
      const before = open.value;
      const same = Boolean(before && next && sameSubject(before.run, next.run));
      if (!same) forget();
      open.value = next;
      if (!next) cursor.value = cursors.start;
      else if (pending) cursor.value = cursors.atPlace(next, pending) ?? cursors.atEnd(next);
      else if (prediction.value && !same) cursor.value = cursors.start;
      else if (live.value && !prediction.value) cursor.value = cursors.atEnd(next);
      else if (same && before) cursor.value = kept(before, next, cursor.value);
      else cursor.value = cursors.atEnd(next);
      if (next) pending = null;
    });
  }

  function forget() {
    pause();
    asked.value = false;
    if (prediction.value) prediction.value = predicting.begin(-1);
  }

  /** @param {Place|null} place that an address names; null follows the newest */
  function setPlace(place) {
    batch(() => {
      live.value = place === null;
      if (!open.value) pending = place;
      else move((place && cursors.atPlace(open.value, place)) ?? cursors.atEnd(open.value));
    });
  }

  function play() {
    if (!open.value || isPlaying.value) return;
    batch(() => {
      live.value = false;
      isPlaying.value = true;
      if (open.value && cursor.value.moment >= open.value.moments.length - 1) cursor.value = cursors.start;
    });
    let last = 0;
    let waited = playing.stepPause;
    const tick = (/** @type {number} */ now) => {
      const passed = last ? Math.min(now - last, 100) : 0;
      last = now;
      if (!open.value) return pause();
      const rate = playing.speeds.find((each) => each.id === speed.value)?.rate ?? 0;
      const next = playing.advance(open.value, { cursor: cursor.value, waited, over: false }, rate, passed);
      waited = next.waited;
      if (next.cursor !== cursor.value) move(next.cursor);
      if (next.over || asked.value) return pause();
      frame = frames.request(tick);
    };
    frame = frames.request(tick);
  }

  function pause() {
    frames.cancel(frame);
    isPlaying.value = false;
  }

  /** @param {boolean} on */
  function setLive(on) {
    pause();
    batch(() => {
      live.value = on;
      if (on && open.value && !prediction.value) cursor.value = cursors.atEnd(open.value);
    });
  }

  /** @param {boolean} on */
  function predict(on) {
    pause();
    batch(() => {
      live.value = false;
      asked.value = false;
      prediction.value = on ? predicting.begin(-1) : null;
      if (on) cursor.value = cursors.start;
    });
  }

  /** @param {string} actor */
  function guess(actor) {
    if (!open.value || !prediction.value) return;
    const next = predicting.guess(open.value, prediction.value, actor);
    batch(() => {
      prediction.value = next;
      asked.value = false;
      if (open.value) cursor.value = cursors.atMoment(open.value, next.frontier);
    });
  }

  return {
    open, cursor, moment, live, speed, isPlaying, prediction, horizon, frontier, asked,
    show, setPlace, play, pause, setLive, predict, guess,
    toggle: () => (isPlaying.value ? pause() : play()),
    seekMoment: (/** @type {number} */ index) => seekTo((run) => cursors.atMoment(run, index)),
    seekTime: (/** @type {number} */ t) => seekTo((run) => cursors.atTime(run, t)),
    seekRevision: (/** @type {number} */ index) => seekTo((run) => cursors.atRevision(run, index)),
    seekPlace: (/** @type {Place} */ place) => seekTo((run) => cursors.atPlace(run, place)),
    step: (/** @type {number} */ count) => seekTo((run) => cursors.step(run, cursor.value, count)),
    stepRevision: (/** @type {number} */ count) => seekTo((run) => cursors.stepRevision(run, cursor.value, count)),
    place: () => (open.value ? cursors.placeOf(open.value, cursor.value) : ''),
    hidden: (/** @type {number} */ t) => horizon.value !== Infinity && !(t <= horizon.value),
  };
}

/**
 * @param {Run} one
 * @param {Run} other
 */
function sameSubject(one, other) {
  const a = one.trace.subject;
  const b = other.trace.subject;
  return a.resource === b.resource && a.namespace === b.namespace && a.name === b.name && a.uid === b.uid && one.trace.auditID === other.trace.auditID;
}

/**
 * The same cursor in a newer state of the run, which may have more moments before it.
 * @param {OpenRun} before
 * @param {OpenRun} after
 * @param {Cursor} cursor
 */
function kept(before, after, cursor) {
  const place = parsePlace(cursors.placeOf(before, cursor));
  return (place && cursors.atPlace(after, place)) ?? cursors.atTime(after, cursor.t);
}
