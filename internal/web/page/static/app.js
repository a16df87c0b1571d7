/**
 * The page: puts together address, session, timeline and views. In a saved file the run
 * is in the document, and there is no network.
 * @typedef {import('./timeline/address.js').Route} Route
 */
import { effect, html, render, signal, untracked, useEffect, useErrorBoundary } from './lib.js';
import { visible } from './model/text.js';
import { format, parse, parsePlace, showsRun } from './timeline/address.js';
import { address, get } from './timeline/api.js';
import { command } from './timeline/keys.js';
import { createScore } from './timeline/score.js';
import { createSession } from './timeline/session.js';
import { createTimeline } from './timeline/timeline.js';
import { Help } from './views/help.js';
import { load, loadRest, partsOf, screenOf, screens } from './views/index.js';
import { Header, Nav, NoRun } from './views/shell.js';

const saved = document.getElementById('run');
const timeline = createTimeline({ request: (callback) => requestAnimationFrame(callback), cancel: (id) => cancelAnimationFrame(id) });
const session = saved ? null : createSession(timeline);
const quiz = createScore();
const route = signal(routeOf(location.hash));
const selected = signal('');
const typed = signal('');
const helping = signal(false);
const info = signal(/** @type {any} */ (null));
const themes = ['system', 'light', 'dark'];
const theme = signal(firstTheme());

/** When the screens are loaded that are not shown, in milliseconds after the page: the first one goes first. */
const restAfter = 3000;

/** What the address says about the whole page, besides the run and the cursor. */
const kept = ['theme', 'predict'];

/**
 * Opens a view of the run that is shown.
 * @param {string} view
 * @param {Record<string, string>} [params] for the view alone
 */
function go(view, params = {}) {
  clearTimeout(writing);
  writeCursor();
  const now = route.value;
  const next = new URLSearchParams([...now.params].filter(([key]) => kept.includes(key) || key === 'at'));
  for (const [key, value] of Object.entries(params)) if (value) next.set(key, value);
  const shown = showsRun(now) ? now : (lastRun ?? { ...now, screen: 'newest', subject: null, request: '' });
  navigate({ ...shown, view, params: next });
}

/** @type {Route|null} */
let lastRun = null;

/** @param {Route} next */
function navigate(next) {
  history.pushState(null, '', format(next));
  route.value = next;
}

let written = 0;
let writing = 0;

/** Writes at most every 400 ms: browsers refuse addresses that change more often. */
function writeSoon() {
  clearTimeout(writing);
  const wait = written + 400 - performance.now();
  if (wait > 0) writing = window.setTimeout(writeSoon, wait);
  else {
    written = performance.now();
    writeCursor();
  }
}

/** The address follows the cursor; the way back is by view, not by step. */
function writeCursor() {
  const now = route.value;
  if (!showsRun(now)) return;
  const place = timeline.live.value ? '' : timeline.place();
  if ((now.params.get('at') ?? '') === place && !(now.screen === 'newest' && place)) return;
  if (!timeline.open.value) return;
  const params = new URLSearchParams(now.params);
  if (place) params.set('at', place);
  else params.delete('at');
  const subject = now.screen === 'newest' && place ? session?.newest.peek() ?? null : now.subject;
  const next = { ...now, params, subject, screen: now.screen === 'newest' && subject ? 'run' : now.screen };
  history.replaceState(null, '', format(next));
  route.value = next;
}

/**
 * What an address asks for. Where it names a screen or a view that there is not, it is
 * the newest run, or Flow.
 * @param {string} hash
 * @returns {Route}
 */
function routeOf(hash) {
  const asked = parse(hash);
  if (!showsRun(asked)) return screenOf(asked.screen)?.scope === 'cluster' ? asked : { ...asked, screen: 'newest', view: 'flow' };
  return screenOf(asked.view)?.scope === 'run' ? asked : { ...asked, view: 'flow' };
}

function readAddress() {
  const next = routeOf(location.hash);
  route.value = next;
  const named = next.params.get('theme') ?? '';
  if (themes.includes(named)) theme.value = named;
  selected.value = '';
  if (!showsRun(next)) return;
  timeline.setPlace(parsePlace(next.params.get('at')));
}

/** @param {string} name */
function setParam(name, value = '') {
  const params = new URLSearchParams(route.value.params);
  if (value) params.set(name, value);
  else params.delete(name);
  const next = { ...route.value, params };
  history.replaceState(null, '', format(next));
  route.value = next;
}

/** The theme that the address names, or else the one that was chosen last. */
function firstTheme() {
  try {
    return localStorage.getItem('glassplane-theme') ?? 'system';
  } catch {
    return 'system';
  }
}

function turnTheme() {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length];
  if (route.value.params.has('theme')) setParam('theme', theme.value);
  try {
    localStorage.setItem('glassplane-theme', theme.value);
  } catch {
    // A browser that keeps nothing keeps it as long as the page.
  }
}

/** @param {string} id */
function select(id) {
  if (id) timeline.pause();
  selected.value = id;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (helping.value || target.closest('input, select, textarea, [contenteditable], [data-keys=own]')) return;
  if ((event.key === ' ' || event.key === 'Enter') && target.closest('button, a, summary, [role=button]')) return;
  const next = command(event, typed.value);
  typed.value = next.typed;
  if (next.do === 'none') return;
  if (obey(next)) event.preventDefault();
}

/** @param {import('./timeline/keys.js').Command} next */
function obey(next) {
  const count = next.count ?? 0;
  switch (next.do) {
    case 'step': return timeline.step(count);
    case 'revision': return timeline.stepRevision(count);
    case 'start': return timeline.seekMoment(-1);
    case 'end': return timeline.seekMoment(Number.MAX_SAFE_INTEGER);
    case 'goto': return timeline.seekPlace(count <= 8 ? { step: count } : { revision: count });
    case 'play': timeline.toggle(); return true;
    case 'live': timeline.setLive(!timeline.live.value); return true;
    case 'predict': timeline.predict(!timeline.prediction.value); return true;
    case 'theme': turnTheme(); return true;
    case 'help': helping.value = true; return true;
    case 'close': selected.value = ''; return true;
    case 'screen': return openByKey(next.key ?? '');
    default: return false;
  }
}

/** @param {string} key */
function openByKey(key) {
  const screen = screens.find((each) => each.key === key);
  if (!screen || (screen.scope === 'cluster' && !session)) return false;
  if (screen.scope === 'run') go(screen.id);
  else location.hash = `#/${screen.id}`;
  return true;
}

/** Where the run on the screen can be had as one file; empty in that file. */
function saveAddress() {
  const subject = timeline.open.value?.trace.subject;
  if (!session || !subject?.name) return '';
  return String(address(['runs', subject.resource, subject.namespace || '-', subject.name, 'export'], { uid: subject.uid }));
}

/** The screen that a route shows. @param {Route} now */
function shownBy(now) {
  return screenOf(showsRun(now) ? now.view : now.screen) ?? screens[0];
}

function App() {
  const now = route.value;
  const onRun = showsRun(now);
  const screen = shownBy(now);
  const { parts, error } = partsOf(screen) ?? {};
  const open = timeline.open.value;
  const shell = { timeline, session, route: now, info: info.value, go, theme: theme.value, turnTheme, help: () => { helping.value = true; }, save: saveAddress() };
  useEffect(() => {
    document.title = onRun && open ? `${visible(open.trace.subject.name || open.trace.auditID)} · ${screen.title} · Glassplane` : `${screen.title} · Glassplane`;
  });
  return html`<div class=${`shell ${onRun && open ? 'with-run' : ''}`}>
    <a class="skip" href="#view" onClick=${(/** @type {Event} */ event) => { event.preventDefault(); document.getElementById('view')?.focus(); }}>To the view</a>
    <${Header} shell=${shell} />
    <${Nav} shell=${shell} />
    <main ...${cursorData(onRun, screen.id, Boolean(parts))}>
      <${Connection} />
      <div id="view" class=${`view view-${screen.id}`} tabindex="-1" role=${onRun ? 'tabpanel' : undefined} aria-labelledby=${onRun ? `tab-${screen.id}` : undefined}>
        <${Guard} key=${screen.id}>${onRun && !open ? html`<${NoRun} shell=${shell} />`
          : error ? html`<${NotLoaded} error=${error} />`
            : !parts ? html`<p class="quiet loading" aria-busy="true">Loading …</p>`
              : html`<${parts[screen.component]} timeline=${timeline} route=${now} info=${info.value} select=${select} go=${go} quiz=${quiz} saved=${Boolean(saved)} />`}<//>
      </div>
    </main>
    ${onRun && open && parts ? html`<${parts.Side} timeline=${timeline} quiz=${quiz} selected=${selected.value} select=${select} go=${go} linked=${Boolean(session)} /><${parts.Scrubber} timeline=${timeline} />` : null}
    ${typed.value ? html`<div class="toast" role="status">Go to step or revision <b>${typed.value.slice(1) || '…'}</b> <span class="quiet">Enter</span></div>` : null}
    ${helping.value ? html`<${Help} close=${() => { helping.value = false; }} />` : null}
  </div>`;
}

/**
 * The cursor as attributes, for styles and for whoever drives the page.
 * @param {boolean} onRun
 * @param {string} view
 * @param {boolean} loaded whether the view is there
 */
function cursorData(onRun, view, loaded) {
  const open = timeline.open.value;
  const cursor = timeline.cursor.value;
  const state = !onRun ? undefined : !open ? session?.status.value.state ?? 'empty' : loaded ? 'ready' : 'loading';
  return {
    'data-view': view,
    'data-state': state,
    'data-step': onRun && open ? String(timeline.moment.value?.step ?? 0) : undefined,
    'data-revision': onRun && open ? String(open.revisions[cursor.revision]?.revision ?? 0) : undefined,
    'data-time': onRun && open ? String(Math.round(cursor.t)) : undefined,
    'data-moment': onRun && open ? String(cursor.moment) : undefined,
    'data-live': onRun && open ? String(timeline.live.value) : undefined,
  };
}

/** Says that what is shown may be old. */
function Connection() {
  const state = session?.connection.value;
  if (!state || state.state !== 'lost' || !timeline.open.value) return null;
  return html`<p class="banner tone-wait" role="status">The connection to the observer is lost${/lost/.test(state.reason ?? '') ? '' : html` (<bdi>${visible(state.reason)}</bdi>)`}. What is shown is what was known; it goes on by itself.</p>`;
}

/** Says that a view could not be brought. @param {{error: Error}} props */
function NotLoaded({ error }) {
  return html`<div class="notice tone-bad" role="alert"><strong>This view could not be loaded.</strong> <bdi>${visible(error.message)}</bdi> <button type="button" onClick=${() => location.reload()}>Load the page again</button></div>`;
}

/**
 * A view that fails does not take the page with it.
 * @param {{children?: any}} props
 */
function Guard({ children }) {
  const [error, reset] = useErrorBoundary((/** @type {unknown} */ caught) => console.error(caught));
  if (!error) return children;
  return html`<div class="notice tone-bad" role="alert"><strong>This view failed.</strong> <bdi>${visible(error.message ?? error)}</bdi> <button type="button" onClick=${reset}>Try again</button></div>`;
}

function begin() {
  readAddress();
  if (route.value.params.get('predict') === '1') timeline.predict(true);
  if (saved) timeline.show(JSON.parse(saved.textContent ?? 'null'));
  else {
    effect(() => {
      const now = route.value;
      untracked(() => session?.follow(now));
    });
    get(address(['info'])).then((value) => { info.value = value; }, () => {});
  }
  effect(() => {
    const screen = shownBy(route.value);
    untracked(() => load(screen));
  });
  if (!saved) addEventListener('load', () => setTimeout(loadRest, restAfter));
  effect(() => {
    const named = theme.value;
    if (named !== 'light' && named !== 'dark') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = named;
  });
  effect(() => {
    void [timeline.cursor.value, timeline.live.value, timeline.open.value];
    if (!timeline.isPlaying.value) untracked(writeSoon);
  });
  effect(() => { if (showsRun(route.value)) lastRun = route.value; });
  effect(() => { void timeline.cursor.value.moment; selected.value = ''; });
  addEventListener('popstate', readAddress);
  addEventListener('hashchange', readAddress);
  addEventListener('keydown', onKey);
  const root = document.getElementById('app');
  if (root) render(html`<${App} />`, root);
}

begin();

