/**
 * The session brings the run that the address names into the timeline, and follows it.
 * @typedef {import('./timeline.js').Timeline} Timeline
 * @typedef {import('./address.js').Route} Route
 * @typedef {import('./address.js').Subject} Subject
 * @typedef {import('../model/types.js').Run} Run
 */
import { signal } from '../vendor/signals-core.js';
import { showsRun } from './address.js';
import { address, get } from './api.js';
import { newer } from './newest.js';
import { openStream } from './stream.js';

/** @typedef {ReturnType<typeof createSession>} Session */

/**
 * @typedef {object} Status
 * @property {'loading'|'ready'|'empty'|'error'} state
 * @property {string} [message]
 */

/** How long one run stays on the screen before a newer one may take its place. */
const stay = 3000;
/** How often a request is asked for that has no stream, until it is complete. */
const pollEvery = 2000;

/**
 * @param {Timeline} timeline
 */
export function createSession(timeline) {
  const status = signal(/** @type {Status} */ ({ state: 'loading' }));
  const connection = signal(/** @type {import('./stream.js').StreamState|null} */ (null));
  const newest = signal(/** @type {Subject|null} */ (null));
  /** @type {(() => void)[]} */
  let closers = [];
  let shown = '';

  function close() {
    for (const each of closers) each();
    closers = [];
    connection.value = null;
  }

  /** @param {Route} route */
  function follow(route) {
    if (!showsRun(route)) {
      shown = '';
      return close();
    }
    const key = [route.screen, route.request, subjectKey(route.subject)].join(' ');
    if (key === shown) return;
    shown = key;
    close();
    if (!route.subject || !shows(route.subject)) {
      timeline.show(null);
      status.value = { state: 'loading' };
    }
    if (route.screen === 'newest') followNewest();
    else if (route.subject) closers.push(followRun(route.subject));
    else followRequest(route.request);
  }

  /**
   * Whether the run on the screen is that of a subject already: its address was made
   * more exact, and nothing may jump.
   * @param {Subject} subject
   */
  function shows(subject) {
    const now = timeline.open.value?.trace.subject;
    return Boolean(now) && now?.resource === subject.resource && (now?.namespace ?? '') === subject.namespace
      && now?.name === subject.name && (!subject.uid || now?.uid === subject.uid);
  }

  /** @param {Subject} subject */
  function followRun(subject) {
    const path = ['runs', subject.resource, subject.namespace || '-', subject.name];
    const query = { uid: subject.uid };
    const stop = new AbortController();
    load(address(path, query), stop.signal);
    const stream = openStream(address([...path, 'stream'], query), {
      events: { run: (run) => !stop.signal.aborted && take(run) },
      onState: (state) => !stop.signal.aborted && (connection.value = state),
    });
    return () => {
      stop.abort();
      stream.close();
    };
  }

  function followNewest() {
    /** @type {import('./newest.js').Newest|null} */
    let known = null;
    let since = 0;
    let close = () => {};
    let timer = 0;
    const turn = (/** @type {Subject} */ subject) => {
      since = Date.now();
      newest.value = subject;
      close();
      close = followRun(subject);
    };
    const stream = openStream(address(['traces', 'stream']), {
      events: {
        traces: ({ items }) => {
          const next = newer(items, known);
          if (!next && !known) status.value = { state: 'empty' };
          if (!next || (known && !timeline.live.value)) return;
          known = next;
          clearTimeout(timer);
          timer = window.setTimeout(() => turn(next.subject), Math.max(0, since + stay - Date.now()));
        },
      },
      onState: (state) => {
        if (known) return;
        connection.value = state;
        if (state.state === 'lost') status.value = { state: 'error', message: state.reason };
        if (state.state === 'live' && status.value.state === 'error') status.value = { state: 'loading' };
      },
    });
    closers.push(() => {
      clearTimeout(timer);
      stream.close();
      close();
    });
  }

  /** @param {string} auditID */
  function followRequest(auditID) {
    const stop = new AbortController();
    const url = address(['requests', auditID, 'run']);
    const again = async () => {
      const run = await load(url, stop.signal);
      if (run && !run.trace.complete && !stop.signal.aborted) timer = window.setTimeout(again, pollEvery);
    };
    let timer = 0;
    again();
    closers.push(() => {
      clearTimeout(timer);
      stop.abort();
    });
  }

  /**
   * @param {URL} url
   * @param {AbortSignal} stop
   * @returns {Promise<Run|null>}
   */
  async function load(url, stop) {
    try {
      const run = await get(url, stop);
      if (!stop.aborted) take(run);
      return run;
    } catch (error) {
      if (!stop.aborted && !timeline.open.value) status.value = { state: 'error', message: String(/** @type {Error} */ (error).message) };
      return null;
    }
  }

  /** @param {Run} run */
  function take(run) {
    timeline.show(run);
    status.value = { state: 'ready' };
  }

  return { status, connection, newest, follow, take, close };
}

/** @param {Subject|null} subject */
function subjectKey(subject) {
  return subject ? [subject.resource, subject.namespace, subject.name, subject.uid].join('/') : '';
}
