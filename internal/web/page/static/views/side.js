/**
 * The side panel: what happens at the cursor, in words, and what proves it. A beginner
 * reads from the top and may stop anywhere; an engineer goes to the evidence.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useState } from '../lib.js';
import { carried } from '../model/carried.js';
import { proofOf } from '../model/run.js';
import { bytes, plural, short, visible } from '../model/text.js';
import { offset } from '../model/time.js';
import { runAddress } from '../timeline/address.js';
import { stepOfQuestion, questionFor } from '../model/quiz.js';
import { when } from './lanes.js';
import { Component, Copy, Difference, Json, LongProse, Prose, Raw, StoredObject } from './pieces.js';
import { Predict } from './predict.js';
import { Ask } from './quiz.js';
import { Why } from './why.js';
import { kindOfSource, Shape } from './shapes.js';

/**
 * @param {{timeline: Timeline, quiz: import('./quiz.js').Score, selected: string, select: (id: string) => void, go: (view: string, params?: Record<string, string>) => void, linked: boolean}} props
 */
export function Side({ timeline, quiz, selected, select, go, linked }) {
  const open = timeline.open.value;
  if (!open) return null;
  const message = open.message.get(selected);
  return html`<aside class="side" aria-label="At the cursor">
    ${timeline.prediction.value ? html`<${Predict} timeline=${timeline} />` : null}
    ${message ? html`<${Carried} timeline=${timeline} message=${message} close=${() => select('')} go=${go} />` : null}
    <${AtCursor} timeline=${timeline} open=${open} quiz=${quiz} select=${select} go=${go} linked=${linked} />
  </aside>`;
}

/** What each step is in any run, for whoever sees one for the first time. */
const general = /** @type {Record<number, string>} */ ({
  1: 'A client asks the API server for something. So far nothing in the cluster has changed.',
  2: 'The API server finds out who asks, whether they may, and whether what they ask for is well formed.',
  3: 'The API server writes to etcd, the only place where the state of the cluster is kept.',
  4: 'Nobody calls the scheduler. It watches the API server, sees a pod that has no node, and looks for one.',
  5: 'Another component watches the API server too, sees what was stored, and acts on it. Nobody calls it.',
  6: 'Each write makes a new revision in etcd, and their numbers are the order of events for everyone.',
  7: 'The answer says what the API server did with the request, and nothing of what others make of it.',
  8: 'What a person sees in the end comes from the answers alone.',
});

/** @param {{timeline: Timeline, open: OpenRun, quiz: import('./quiz.js').Score, select: (id: string) => void, go: (view: string, params?: Record<string, string>) => void, linked: boolean}} props */
function AtCursor({ timeline, open, quiz, select, go, linked }) {
  const moment = timeline.moment.value;
  if (!open.moments.length) return html`<div class="side-part head"><h1>${visible(open.trace.headline)}</h1></div>`;
  if (!moment) return html`<${Before} timeline=${timeline} open=${open} />`;
  const step = open.step.get(moment.step ?? -1);
  const { cursor } = timeline;
  const between = !cursor.value.on && cursor.value.t > moment.t;
  return html`<div class="side-part head">
      <p class=${`eyebrow of-${open.actor.get(moment.actor)?.kind}`}>${counted(open, moment)} · <${Component} kind=${open.actor.get(moment.actor)?.kind} name=${open.actor.get(moment.actor)?.name ?? moment.actor} /></p>
      <h1 aria-live="polite">${visible(moment.title)}</h1>
      ${general[moment.step ?? 0] ? html`<p class="quiet">${general[moment.step ?? 0]}</p>` : null}
      ${between ? html`<p class="quiet small-text">The cursor is at ${offset(cursor.value.t)}, ${'after this and before the next moment'}.</p>` : null}
      <p><${LongProse} timeline=${timeline} text=${step ? step.effect ?? '' : revisionText(open, moment.revision)} /></p>
    </div>
    ${moment.index === open.moments.length - 1 && timeline.horizon.value === Infinity ? html`<${InShort} timeline=${timeline} open=${open} />` : null}
    ${moment.step === 8 ? html`<${Printed} open=${open} />` : null}
    ${moment.step === 4 ? html`<${Why} timeline=${timeline} open=${open} go=${go} />` : null}
    <${Stored} timeline=${timeline} open=${open} go=${go} />
    <${Proof} open=${open} ids=${proofOf(open, moment)} go=${go} />
    <${Messages} open=${open} moment=${moment} select=${select} />
    <${Question} timeline=${timeline} open=${open} quiz=${quiz} />
    <${Children} timeline=${timeline} open=${open} linked=${linked} />
    <${Missing} open=${open} />`;
}

/**
 * @param {OpenRun} open
 * @param {import('../model/types.js').Moment} moment
 */
function counted(open, moment) {
  if (!moment.step) return `Revision ${moment.revision ?? ''}`;
  const steps = open.moments.filter((each) => each.step);
  const place = steps.findIndex((each) => each.step === moment.step) + 1;
  return place === moment.step ? `Step ${moment.step} of 8` : `Step ${moment.step} of 8, ${ordinal(place)} to be done`;
}

/** @param {number} place */
function ordinal(place) {
  return `${place}${place === 1 ? 'st' : place === 2 ? 'nd' : place === 3 ? 'rd' : 'th'}`;
}

/**
 * @param {OpenRun} open
 * @param {number|undefined} revision
 */
function revisionText(open, revision) {
  return open.revisions.find((each) => each.revision === revision)?.text ?? '';
}

/** @param {{timeline: Timeline, open: OpenRun}} props */
function Before({ timeline, open }) {
  const { request, subject } = open.trace;
  return html`<div class="side-part head">
    <p class="eyebrow">Before everything</p>
    <h1>${request ? `A client is about to ${request.verb} ${visible(subject.name)}` : `Before ${visible(subject.name)}`}</h1>
    <p>Each message that follows really went over the network of this control plane, and each is proved by what the components left behind.
      A <b>client</b> talks to the <b>API server</b> alone; the API server keeps everything in <b>etcd</b>; the others <b>watch</b> it and act on what they see.</p>
    <p><button type="button" class="primary" onClick=${() => timeline.step(1)}>First step →</button></p>
  </div>`;
}

/** @param {{timeline: Timeline, open: OpenRun, go: (view: string) => void}} props */
function Stored({ timeline, open, go }) {
  const { revision: index } = timeline.cursor.value;
  const moment = timeline.moment.value;
  const made = open.revisions[index];
  const before = open.revisions[index - 1];
  const previous = open.moments[(moment?.index ?? 0) - 1];
  if (!made || (previous && previous.revision === moment?.revision)) {
    return html`<div class="side-part"><h2>In etcd</h2><p class="quiet">${made ? html`Still revision ${made.revision}: ${visible(made.state)}.` : open.revisions.length ? 'Nothing is stored yet.' : 'Nothing was stored.'}</p></div>`;
  }
  const state = open.states.get(made.revision);
  return html`<div class="side-part">
    <h2>What changed in etcd <span class="aside mono">${before ? `${before.revision} → ` : ''}${made.revision} · ${before?.bytes && made.bytes ? `${before.bytes} → ${bytes(made.bytes)}` : made.bytes ? bytes(made.bytes) : ''}</span></h2>
    ${state?.removed ? html`<p>The key was removed.</p>` : null}
    ${state?.unavailable ? html`<p class="quiet">Not available: ${visible(state.unavailable)}</p>` : null}
    ${state?.object && (!before || open.states.get(before.revision)?.object)
      ? html`<div class="clipped"><${Difference} before=${before && open.states.get(before.revision)?.object} after=${state.object} /></div>`
      : html`<ul class="plain mono">${(made.changes ?? []).map((each) => html`<li><bdi>${visible(each)}</bdi></li>`)}</ul>`}
    <p><button type="button" class="link" onClick=${() => go('tracker')}>The object at each revision ›</button></p>
  </div>`;
}

/**
 * Every message of the moment, also for whoever cannot point at an arrow.
 * @param {{open: OpenRun, moment: import('../model/types.js').Moment, select: (id: string) => void}} props
 */
function Messages({ open, moment, select }) {
  const [all, setAll] = useState(false);
  const list = (moment.messages ?? []).map((id) => open.message.get(id)).filter((each) => each !== undefined);
  if (!list.length) return null;
  const most = 24;
  return html`<div class="side-part"><h2>Messages <span class="aside">${list.length}</span></h2>
    <ul class="message-pills">${(all ? list : list.slice(0, most)).map((each) => html`<li key=${each.id}>
      <button type="button" class=${`message-pill of-${open.actor.get(each.from)?.kind}`} title=${sentenceOf(open, each)} data-message=${each.id} onClick=${() => select(each.id)}>
        <${Shape} kind=${open.actor.get(each.from)?.kind} /><span class="sr">${open.actor.get(each.from)?.name}</span> → <${Shape} kind=${open.actor.get(each.to)?.kind} /><span class="sr">${open.actor.get(each.to)?.name}:</span> <${Raw}>${short(each.label, 24)}<//>
      </button></li>`)}</ul>
    ${list.length > most ? html`<button type="button" class="link" aria-expanded=${all} onClick=${() => setAll(!all)}>${all ? 'Fewer' : `All ${list.length}`}</button>` : null}
  </div>`;
}

/**
 * @param {OpenRun} open
 * @param {OpenRun['messages'][number]} message
 */
function sentenceOf(open, message) {
  const name = (/** @type {string} */ id) => open.actor.get(id)?.name ?? id;
  return `${name(message.from)} to ${name(message.to)}: ${visible(message.label)}`;
}

/**
 * @param {{timeline: Timeline, message: OpenRun['messages'][number], close: () => void, go: (view: string, params?: Record<string, string>) => void}} props
 */
function Carried({ timeline, message, close, go }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const from = open.actor.get(message.from);
  const to = open.actor.get(message.to);
  return html`<div class="side-part card">
    <p class="eyebrow"><${Component} kind=${from?.kind} name=${from?.name} /> → <${Component} kind=${to?.kind} name=${to?.name} />
      <button type="button" class="icon close" aria-label="Close the message" onClick=${close}>✕</button></p>
    <h2><${Raw}>${message.label}<//>${message.about ? html` <span class="aside">about <${Raw}>${message.about}<//></span>` : null}</h2>
    <p><${Prose} timeline=${timeline} text=${message.text} /></p>
    <p class="mono small-text">${when(message)}</p>
    <${Body} open=${open} message=${message} />
    <${Rows} open=${open} ids=${message.evidence ?? []} go=${go} />
  </div>`;
}

/**
 * The whole run, for whoever comes when it is over.
 * @param {{timeline: Timeline, open: OpenRun}} props
 */
function InShort({ timeline, open }) {
  return html`<div class="side-part"><h2>The run in five lines</h2><ol class="in-lines">${open.trace.snapshot.map((line) => {
    const [head, rest] = visible(line).split(/: (.*)/s);
    return html`<li>${rest ? html`<b>${head}</b> <${Prose} timeline=${timeline} text=${rest} />` : html`<${Prose} timeline=${timeline} text=${line} />`}</li>`;
  })}</ol></div>`;
}

/**
 * What the client showed, as in a terminal.
 * @param {{open: OpenRun}} props
 */
function Printed({ open }) {
  const printed = open.trace.printed;
  if (!printed) return null;
  return html`<div class="side-part"><h2>In the terminal <span class="aside">${printed.observed ? 'as the client printed it' : 'derived from the answer, not observed'}</span></h2>
    <pre class="code" tabindex="0"><code>${visible(printed.line)}</code></pre></div>`;
}

/**
 * The objects that this one controls, each with its own run.
 * @param {{timeline: Timeline, open: OpenRun, linked: boolean}} props
 */
function Children({ timeline, open, linked }) {
  const list = (open.trace.children ?? []).filter((each) => !each.created?.time || !timeline.hidden(open.since(each.created.time)));
  if (!list.length) return null;
  return html`<div class="side-part"><h2>What came of it <span class="aside">${plural(list.length + (open.trace.childrenLeftOut ?? 0), 'object')}</span></h2>
    <ul class="plain">${list.slice(0, 20).map(({ subject, created, removed }) => html`<li>
      ${linked ? html`<a href=${runAddress(subject)}><${Raw}>${subject.resource}/${subject.name}<//></a>` : html`<${Raw}>${subject.resource}/${subject.name}<//>`}
      <span class="quiet">${created?.revision ? ` made by ${visible(created.writer ?? 'unknown')} at revision ${created.revision}` : ''}${removed?.revision ? `, removed at ${removed.revision}` : ''}</span></li>`)}</ul>
    ${list.length > 20 || open.trace.childrenLeftOut ? html`<p class="quiet small-text">and ${Math.max(0, list.length - 20) + (open.trace.childrenLeftOut ?? 0)} more</p>` : null}</div>`;
}

/** What could not be read, so that nobody takes its silence for a fact. */
function Missing(/** @type {{open: OpenRun}} */ { open }) {
  const gone = open.trace.sources.filter((each) => !each.available);
  if (!gone.length && !open.trace.dropped) return null;
  return html`<div class="side-part"><h2>Not available</h2><ul class="plain">
    ${gone.map((each) => html`<li><b>${visible(each.name)}</b>: <bdi>${visible(each.reason)}</bdi></li>`)}
    ${open.trace.dropped ? html`<li>The journal dropped ${plural(open.trace.dropped, 'entry', 'entries')} of all requests: some of this run may be missing.</li>` : null}
  </ul></div>`;
}

/** @param {{open: OpenRun, message: OpenRun['messages'][number]}} props */
function Body({ open, message }) {
  const { what, object, why } = carried(open, message);
  if (!object) return html`<p class="quiet small-text">${what}: not available, ${visible(why)}.</p>`;
  return html`<details class="body"><summary>${what}</summary><div class="clipped"><${StoredObject} object=${object} marked=${false} testid="carried" /></div></details>`;
}

/** @param {{open: OpenRun, ids: string[], go: (view: string, params?: Record<string, string>) => void}} props */
function Proof({ open, ids, go }) {
  const sources = new Set(ids.map((id) => open.piece.get(id)?.source).filter(Boolean));
  return html`<div class="side-part"><h2>Evidence <span class="aside">${ids.length ? `${plural(ids.length, 'piece')} from ${plural(sources.size, 'source')}` : ''}</span></h2>
    ${ids.length ? html`<${Rows} open=${open} ids=${ids} go=${go} />` : html`<p class="quiet">No source has an entry of its own for this moment.</p>`}
  </div>`;
}

/** @param {{open: OpenRun, ids: string[], go: (view: string, params?: Record<string, string>) => void}} props */
export function Rows({ open, ids, go }) {
  return html`<ul class="rows">${ids.slice(0, 16).map((id) => {
    const piece = open.piece.get(id);
    return piece ? html`<li key=${id}><${Piece} piece=${piece} go=${go} /></li>` : null;
  })}</ul>
  ${ids.length > 16 ? html`<button type="button" class="link" onClick=${() => go('evidence')}>and ${ids.length - 16} more ›</button>` : null}`;
}

/** @param {{piece: OpenRun['evidence'][number], go: (view: string, params?: Record<string, string>) => void}} props */
function Piece({ piece, go }) {
  const [shown, setShown] = useState(false);
  return html`<div class=${`piece of-${kindOfSource(piece.source)}`}>
    <button type="button" class="row-button" aria-expanded=${shown} onClick=${() => setShown(!shown)}>
      <b>${visible(piece.source)}</b> <${Raw} class="ellipsis">${piece.summary}<//> <span aria-hidden="true">${shown ? '⌄' : '›'}</span>
    </button>
    ${shown ? html`<div class="piece-raw">
      ${piece.tooLarge ? html`<p class="quiet">Too large to be shown: ${bytes(piece.tooLarge)}.</p>` : html`<${Json} value=${piece.raw} />`}
      <p><${Copy} text=${() => JSON.stringify(piece.raw, null, 2)} label="Copy JSON" /> <button type="button" class="link" onClick=${() => go('evidence', { piece: piece.id })}>In Evidence ›</button></p>
    </div>` : null}
  </div>`;
}

/** @param {{timeline: Timeline, open: OpenRun, quiz: import('./quiz.js').Score}} props */
function Question({ timeline, open, quiz }) {
  const step = timeline.moment.value?.step ?? 0;
  const question = questionFor(open.trace.quiz ?? [], step, (id) => quiz.answers.value.has(id));
  if (!question || stepOfQuestion(question.id) !== step) return null;
  return html`<div class="side-part"><h2>Check yourself</h2><${Ask} timeline=${timeline} question=${question} quiz=${quiz} /></div>`;
}
