/**
 * The frame around every view: whose run it is, where one can go, and the cursor.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../timeline/session.js').Session} Session
 * @typedef {import('../timeline/address.js').Route} Route
 */
import { html, useEffect, useRef } from '../lib.js';
import { outcomeAt } from '../model/run.js';
import { plural, visible } from '../model/text.js';
import { dayAndClock, duration } from '../model/time.js';
import { HowToSend } from './howtosend.js';
import { Outcome } from './shapes.js';
import { screens } from './index.js';

/**
 * @typedef {object} Shell
 * @property {Timeline} timeline
 * @property {Session|null} session null in a saved file
 * @property {Route} route
 * @property {any} info of the observer; null where there is none
 * @property {(view: string, params?: Record<string, string>) => void} go
 * @property {string} theme
 * @property {() => void} turnTheme
 * @property {() => void} help
 * @property {string} save address of the exported run; empty for none
 */

/** @param {{shell: Shell}} props */
export function Header({ shell }) {
  const { timeline, go } = shell;
  const open = shell.route.screen === 'newest' || shell.route.screen === 'run' || shell.route.screen === 'request' ? timeline.open.value : null;
  return html`<header class="top">
    <a class="brand" href="#/" title="The newest run"><svg width="22" height="22" viewBox="-12 -12 24 24" aria-hidden="true"><path d="M-10,0 L-5,-9 L5,-9 L10,0 L5,9 L-5,9 Z" /><path d="M-4,0 L0,-4 L4,0 L0,4 Z" /></svg> <span>Glassplane</span></a>
    ${open ? html`<${Subject} open=${open} timeline=${timeline} go=${go} />` : html`<div class="subject"></div>`}
    <div class="actions">
      ${shell.session && open ? html`<${Live} shell=${shell} />` : null}
      ${open ? html`<button type="button" class="switch" role="switch" aria-checked=${Boolean(timeline.prediction.value)} title="Hide what comes next until you have said who acts (p)" onClick=${() => timeline.predict(!timeline.prediction.value)}>Predict <i aria-hidden="true"></i></button>` : null}
      ${shell.save && open ? html`<a class="button" href=${shell.save} download title="This run as one file that opens without a network">Save</a>` : null}
      <button type="button" class="icon" aria-label=${`Theme: ${shell.theme}`} title=${`Theme: ${shell.theme} (t)`} onClick=${shell.turnTheme}>${shell.theme === 'dark' ? '☾' : shell.theme === 'light' ? '☀' : '◐'}</button>
      <button type="button" class="icon" aria-label="Help" title="Keys and shapes (?)" onClick=${shell.help}>?</button>
    </div>
  </header>`;
}

/** @param {{shell: Shell}} props */
function Live({ shell }) {
  const { timeline, session } = shell;
  const state = session?.connection.value?.state ?? 'file';
  const lost = state === 'lost';
  const live = timeline.live.value;
  return html`<button type="button" class=${`live ${lost ? 'lost' : ''}`} aria-pressed=${live} title=${lost ? `Connection lost: ${session?.connection.value?.reason ?? ''}` : 'Follow the newest (.)'} onClick=${() => timeline.setLive(!live)}>
    <span aria-hidden="true">${lost ? '!' : live ? '●' : '○'}</span> LIVE</button>`;
}

/** @param {{open: import('../model/run.js').OpenRun, timeline: Timeline, go: (view: string, params?: Record<string, string>) => void}} props */
function Subject({ open, timeline, go }) {
  const { trace, run } = open;
  const { subject, request } = trace;
  const cursor = timeline.cursor.value;
  const over = cursor.moment >= open.moments.length - 1 && timeline.horizon.value === Infinity;
  const { outcome, reason } = outcomeAt(open, cursor, over);
  const disagreements = trace.disagreements?.length ?? 0;
  const gone = trace.sources.filter((each) => !each.available);
  const pieces = open.evidence.length + (run.evidenceOmitted ?? 0);
  return html`<div class="subject">
    <p class="subject-name"><span class="quiet">${visible(subject.resource.replace(/s$/, ''))}</span> <bdi class="mono"><b>${visible(subject.namespace ? `${subject.namespace} / ${subject.name || '(no name)'}` : subject.name || '(no name)')}</b></bdi>
      <${Outcome} outcome=${outcome} title=${visible(reason)} /></p>
    <p class="subject-more">${request ? html`${visible(request.verb)} by <bdi>${visible(request.user)}</bdi>${request.userAgent ? html` with <bdi title=${visible(request.userAgent)}>${visible(request.userAgent.split('/')[0])}</bdi>` : null}` : 'no audit log has the request'}
      ${run.begin ? html` · <time datetime=${run.begin}>${dayAndClock(run.begin)}</time>` : null}
      ${timeline.horizon.value === Infinity ? html` · ${plural(trace.steps.length, 'step')}, ${duration(open.end)}, ${plural(open.revisions.length, 'revision')}` : null}
      ${' · '}<button type="button" class="link" onClick=${() => go('evidence')}>${plural(pieces, 'piece')} of evidence</button>, <span class=${disagreements ? 'tone-bad' : ''}>${disagreements ? plural(disagreements, 'disagreement') : 'no disagreement'}</span>
      ${gone.length ? html`${' · '}<span class="tone-wait" title=${visible(gone.map((each) => `${each.name}: ${each.reason}`).join('; '))}>not available: ${visible(gone.map((each) => each.name).join(', '))}</span>` : null}
      ${trace.dropped ? html`${' · '}<span class="tone-wait">${plural(trace.dropped, 'entry', 'entries')} dropped</span>` : null}
      ${trace.complete ? null : html`${' · '}<span class="tone-wait">still going on</span>`}</p>
  </div>`;
}

/** @param {{shell: Shell}} props */
export function Nav({ shell }) {
  const { route, timeline, go } = shell;
  const onRun = ['newest', 'run', 'request'].includes(route.screen);
  const views = screens.filter((each) => each.scope === 'run');
  const others = screens.filter((each) => each.scope === 'cluster' && (each.id !== 'send' || shell.info?.allowWrites));
  const chosen = onRun ? route.view : '';
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    const nav = ref.current;
    const item = /** @type {HTMLElement|null|undefined} */ (nav?.querySelector('[aria-selected=true], [aria-current=page]'));
    if (nav && item && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = item.offsetLeft - nav.clientWidth / 2 + item.offsetWidth / 2;
  }, [route.screen, route.view]);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const by = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (!by) return;
    event.preventDefault();
    const at = views.findIndex((each) => each.id === chosen);
    const next = views[(at + by + views.length) % views.length];
    go(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return html`<nav class="nav" aria-label="Views" ref=${ref}>
    ${timeline.open.value || onRun ? html`<div role="tablist" aria-label="Views of the run" aria-orientation="vertical" onKeyDown=${move}>${views.map((each) => html`<button type="button" role="tab" key=${each.id} id=${`tab-${each.id}`}
        class="nav-item" aria-selected=${each.id === chosen} aria-controls="view" data-key=${each.key} tabindex=${each.id === (chosen || 'flow') ? 0 : -1} onClick=${() => go(each.id)}>${each.title}</button>`)}</div>` : null}
    ${shell.session ? html`<div class="nav-others">${others.map((each) => html`<a key=${each.id} class="nav-item" href=${`#/${each.id}`} aria-current=${route.screen === each.id ? 'page' : undefined}>${each.title}</a>`)}</div>` : null}
  </nav>`;
}

/**
 * What is said where no run can be shown.
 * @param {{shell: Shell}} props
 */
export function NoRun({ shell }) {
  const status = shell.session?.status.value ?? { state: 'empty' };
  if (status.state === 'loading') return html`<div class="no-run" role="status"><p class="quiet">Loading the run …</p></div>`;
  if (status.state === 'error' && shell.route.screen === 'newest') {
    return html`<div class="no-run"><h1>The observer does not answer</h1><p role="alert"><bdi>${visible(status.message)}</bdi></p><p class="quiet">The page tries again by itself.</p></div>`;
  }
  if (status.state === 'error') {
    return html`<div class="no-run"><h1>This run cannot be shown</h1><p role="alert"><bdi>${visible(status.message)}</bdi></p>
      <p>It may be gone: the observer keeps the newest requests. <a href="#/runs">All runs</a> · <a href="#/">The newest</a></p></div>`;
  }
  return html`<div class="no-run"><${HowToSend} info=${shell.info} heading="h1" /></div>`;
}
