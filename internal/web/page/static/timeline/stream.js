// A stream of server-sent events that goes on where it was cut off.

/**
 * StreamState says whether what the page shows is of now.
 * - connecting: nothing has arrived yet.
 * - live: connected.
 * - lost: not connected; reason says why, retryAt when it tries again.
 * - paused: nobody looks at the page.
 * - closed: its reader closed it.
 * @typedef {object} StreamState
 * @property {'connecting'|'live'|'lost'|'paused'|'closed'} state
 * @property {string} [reason]
 * @property {number} [retryAt] in milliseconds since 1970
 */

/**
 * StreamOptions say what to do with what arrives.
 * @typedef {object} StreamOptions
 * @property {Record<string, (data: any) => void>} events by the event's name. One
 *   that throws Resync asks for the state anew, without the last event ID.
 * @property {(state: StreamState) => void} [onState]
 * @property {() => Promise<string|undefined>} [why] asks for the reason of a
 *   refusal, since a browser does not tell it.
 * @property {string} [lastEventId] of the state that its reader has already
 */

/** Resync says that an event does not follow from what its reader has. */
export class Resync extends Error {}

// A server sends a ping each 15 s: silence for longer than this is a lost connection.
const silence = 45_000;
const firstRetry = 500;
const lastRetry = 10_000;
// Browsers allow six connections to a server, over all tabs: those that nobody
// sees give theirs back.
const hiddenAfter = 10_000;

/**
 * openStream reads a stream until it is closed. It reconnects by itself, resumes
 * after the last event, and pauses while the page is hidden.
 * @param {string|URL} url
 * @param {StreamOptions} options
 * @param {any} browser for tests
 * @returns {{close: () => void}}
 */
export function openStream(url, options, browser = globalThis) {
  return new Stream(url, options, browser);
}

class Stream {
  /**
   * @param {string|URL} url
   * @param {StreamOptions} options
   * @param {any} browser
   */
  constructor(url, options, browser) {
    this.url = String(url);
    this.options = options;
    this.browser = browser;
    this.lastEventId = options.lastEventId ?? '';
    this.attempts = 0;
    /** @type {Record<'retry'|'silence'|'hidden', any>} */
    this.timers = { retry: undefined, silence: undefined, hidden: undefined };
    this.onVisibility = () => this.visibilityChanged();
    this.onOnline = () => this.state?.state === 'lost' && this.connect();
    browser.document?.addEventListener('visibilitychange', this.onVisibility);
    browser.addEventListener?.('online', this.onOnline);
    this.tell({ state: 'connecting' });
    this.connect();
  }

  close() {
    this.disconnect();
    this.clear('hidden');
    this.browser.document?.removeEventListener('visibilitychange', this.onVisibility);
    this.browser.removeEventListener?.('online', this.onOnline);
    this.tell({ state: 'closed' });
  }

  connect() {
    this.disconnect();
    const source = new this.browser.EventSource(this.address());
    this.source = source;
    source.onopen = () => {
      this.attempts = 0;
      this.tell({ state: 'live' });
    };
    source.onerror = () => this.lost();
    source.addEventListener('ping', () => this.watch());
    for (const [name, take] of Object.entries(this.options.events)) {
      source.addEventListener(name, (/** @type {MessageEvent} */ event) => this.take(event, take));
    }
  }

  /** The ID goes into the address: a new EventSource cannot set the header. */
  address() {
    if (!this.lastEventId) return this.url;
    return this.url + (this.url.includes('?') ? '&' : '?') + 'lastEventId=' + encodeURIComponent(this.lastEventId);
  }

  /**
   * @param {MessageEvent} event
   * @param {(data: any) => void} take
   */
  take(event, take) {
    try {
      take(JSON.parse(event.data));
      this.lastEventId = event.lastEventId;
    } catch (error) {
      this.lastEventId = '';
      if (!(error instanceof Resync)) this.browser.console?.error(error);
      this.lost(error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.timers.silence) this.watch();
  }

  /** watch starts with the first ping: a server without them may be silent. */
  watch() {
    this.clear('silence');
    this.timers.silence = this.browser.setTimeout(() => this.lost(`nothing arrived for ${silence / 1000} s`), silence);
  }

  /** @param {string} [reason] */
  async lost(reason) {
    this.disconnect();
    const delay = Math.min(firstRetry * 2 ** this.attempts++, lastRetry);
    const state = { state: /** @type {const} */ ('lost'), reason: reason ?? 'the connection was lost', retryAt: Date.now() + delay };
    this.timers.retry = this.browser.setTimeout(() => this.connect(), delay);
    this.tell(state);
    if (reason || !this.options.why) return;
    const why = await this.options.why().catch((/** @type {Error} */ error) => error.message);
    if (why && this.state === state) this.tell({ ...state, reason: why });
  }

  visibilityChanged() {
    this.clear('hidden');
    if (!this.browser.document.hidden) {
      if (this.state?.state === 'paused') this.connect();
      return;
    }
    this.timers.hidden = this.browser.setTimeout(() => {
      this.disconnect();
      this.tell({ state: 'paused' });
    }, hiddenAfter);
  }

  disconnect() {
    this.clear('retry');
    this.clear('silence');
    this.source?.close();
    this.source = undefined;
  }

  /** @param {'retry'|'silence'|'hidden'} name */
  clear(name) {
    this.browser.clearTimeout(this.timers[name]);
    this.timers[name] = undefined;
  }

  /** @param {StreamState} state */
  tell(state) {
    this.state = state;
    this.options.onState?.(state);
  }
}
