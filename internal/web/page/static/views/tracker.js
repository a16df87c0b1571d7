/**
 * Tracker: what was true at the moments of the story, and what etcd held at each
 * revision: the object, the difference from the one before, who wrote it, its size.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { momentOfStep } from '../model/run.js';
import { bytes, plural, visible } from '../model/text.js';
import { clock, offset } from '../model/time.js';
import { scaleLinear } from '../vendor/d3-scale.js';
import { Component, Difference, Hidden, Notice, Prose, Raw, StoredObject } from './pieces.js';
import { kindOf, Outcome } from './shapes.js';

const momentNames = /** @type {Record<string, string>} */ ({
  Start: 'Start', AfterStep2: 'After step 2', AfterStep4: 'After step 4', AfterStep6: 'After step 6', Final: 'In the end',
});

/** @param {{timeline: Timeline, go: (view: string, params?: Record<string, string>) => void}} props */
export function Tracker({ timeline, go }) {
  const open = timeline.open.value;
  if (!open) return null;
  return html`<div class="page-view">
    <header class="view-head"><h1>Tracker</h1><p class="quiet">what the request had reached, and what the cluster had stored</p></header>
    <${Moments} timeline=${timeline} open=${open} />
    ${open.revisions.length ? html`<${Revisions} timeline=${timeline} open=${open} /><${AtRevision} timeline=${timeline} open=${open} go=${go} />`
      : html`<${Notice} title="etcd kept no state of it.">${nothingKept(open)}<//>`}
  </div>`;
}

/** @param {OpenRun} open */
function nothingKept(open) {
  const gone = open.trace.sources.filter((each) => ['etcd', 'watch'].includes(each.name) && !each.available);
  if (gone.length) return gone.map((each) => `Source ${each.name} is not available: ${visible(each.reason)}.`).join(' ');
  return open.trace.reason ? visible(open.trace.reason) : 'The request wrote nothing.';
}

/** @param {{timeline: Timeline, open: OpenRun}} props */
function Moments({ timeline, open }) {
  const cursor = timeline.cursor.value;
  const columns = open.trace.tracker.map((each) => ({ ...each, index: momentOf(open, each) }));
  const here = columns.findLast((each) => each.index <= cursor.moment);
  const row = (/** @type {string} */ name, /** @type {(column: typeof columns[number]) => any} */ cell) => html`<tr><th scope="row">${name}</th>
    ${columns.map((each) => html`<td class=${`${each === here ? 'here' : ''} ${each.index > cursor.moment ? 'ahead' : ''}`}>${each.index > timeline.frontier.value ? html`<span class="quiet">hidden</span>` : cell(each)}</td>`)}</tr>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Moments"><table class="moments">
    <thead><tr><td></td>${columns.map((each) => html`<th scope="col" class=${each === here ? 'here' : ''} aria-current=${each === here ? 'true' : undefined}>
      <button type="button" class="column-head" onClick=${() => timeline.seekMoment(each.index)}>${momentNames[each.moment] ?? visible(each.moment)}</button></th>`)}</tr></thead>
    <tbody>
      ${row('The request is', (each) => html`<b>${visible(each.requestState)}</b>`)}
      ${row('The cluster has', (each) => html`<${Prose} timeline=${timeline} text=${each.clusterState} />`)}
      ${row('Revision', (each) => (each.revision ? html`<span class="mono">${each.revision}</span>` : html`<span class="quiet">none</span>`))}
    </tbody></table></div>`;
}

/**
 * The moment of the run that a moment of the story is.
 * @param {OpenRun} open
 * @param {import('../model/types.js').TrackerMoment} moment
 */
function momentOf(open, moment) {
  const step = /^AfterStep(\d)$/.exec(moment.moment);
  if (moment.moment === 'Start') return -1;
  if (!step) return open.moments.length - 1;
  const number = Number(step[1]);
  const index = momentOfStep(open, number);
  if (index >= 0) return number === 2 && moment.revision ? Math.max(index, momentOfStep(open, 3)) : index;
  return open.moments.findLastIndex((each) => (each.step ?? 9) <= number);
}

/** @param {{timeline: Timeline, open: OpenRun}} props */
function Revisions({ timeline, open }) {
  const index = timeline.cursor.value.revision;
  const list = open.revisions;
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    const strip = ref.current;
    const chosen = /** @type {HTMLElement|null|undefined} */ (strip?.querySelector('[aria-pressed=true]'));
    if (!strip || !chosen) return;
    const left = chosen.offsetLeft - strip.offsetLeft;
    if (left < strip.scrollLeft || left + chosen.offsetWidth > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = left - strip.clientWidth / 2;
  }, [index]);
  const height = useMemo(() => scaleLinear([0, Math.max(1, ...list.map((each) => each.bytes ?? 0))], [2, 34]), [open]);
  const seen = list.filter((each) => each.t <= timeline.horizon.value);
  const left = open.trace.revisionsOmitted ?? 0;
  return html`<section class="panel revisions" aria-label="Revisions of etcd">
    <header class="panel-head"><h2>Revisions of etcd</h2><span class="quiet">${plural(list.length, 'state')}${left ? `, ${left} more in the middle left out` : ''}; height is size, colour and shape who wrote it</span>
      <div class="segmented"><button type="button" aria-label="Revision before (shift ←)" disabled=${index <= 0} onClick=${() => timeline.stepRevision(-1)}>◂</button>
      <button type="button" aria-label="Next revision (shift →)" disabled=${index >= list.length - 1} onClick=${() => timeline.stepRevision(1)}>▸</button></div></header>
    <div class="strip" ref=${ref}>${seen.map((each, at) => html`<button type="button" key=${each.revision} class=${`revision of-${kindOf(each.component)} ${at > index ? 'ahead' : ''}`} aria-pressed=${at === index}
        title=${`${each.kind} by ${visible(each.component ?? each.user ?? 'unknown')}, ${bytes(each.bytes)}`} onClick=${() => timeline.seekRevision(at)}>
      <svg width="28" height="36" aria-hidden="true"><rect x="6" y=${36 - height(each.bytes ?? 0)} width="16" height=${height(each.bytes ?? 0)} rx="2" /></svg>
      <span class="mono">${each.revision}</span><span class="revision-kind">${visible(each.kind)}</span></button>`)}</div>
    <${InShort} open=${open} index=${index} />
    ${seen.length < list.length ? html`<${Hidden} timeline=${timeline} /> ` : null}
  </section>`;
}

/** @param {{open: OpenRun, index: number}} props */
function InShort({ open, index }) {
  const made = open.revisions[index];
  if (!made) return null;
  return html`<p class="in-short"><b class="mono">${made.revision}</b> <${Component} component=${made.component} name=${made.component ?? made.user ?? 'unknown'} />
    ${made.verb ? html`<span class="mono">${visible(made.verb)} → ${made.code || 'no code'}</span>` : null} <span>${made.time ? offset(open.since(made.time)) : 'no time'}</span> <${Size} made=${made} before=${open.revisions[index - 1]} /></p>`;
}

/** @param {{made: OpenRun['revisions'][number], before?: OpenRun['revisions'][number]}} props */
function Size({ made, before }) {
  const grown = made.bytes && before?.bytes ? made.bytes - before.bytes : 0;
  return html`<span>${bytes(made.bytes)}${grown ? html` <span class="quiet">(${grown > 0 ? '+' : '−'}${Math.abs(grown)} B)</span>` : null}</span>`;
}

/** @param {{timeline: Timeline, open: OpenRun, go: (view: string, params?: Record<string, string>) => void}} props */
function AtRevision({ timeline, open, go }) {
  const [whole, setWhole] = useState(false);
  const index = timeline.cursor.value.revision;
  const made = open.revisions[index];
  if (!made) return html`<${Notice} title="At the cursor etcd has nothing of it yet."><button type="button" class="link" onClick=${() => timeline.stepRevision(1)}>Go to the first revision</button><//>`;
  const state = open.states.get(made.revision);
  const before = open.revisions[index - 1];
  const beforeObject = before && open.states.get(before.revision)?.object;
  return html`<div class="revision-detail">
    <section class="panel"><header class="panel-head"><h2>Difference ${before ? html`from <span class="mono">${before.revision}</span>` : 'from nothing'}</h2>
        ${state?.object && beforeObject ? html`<div class="segmented"><button type="button" aria-pressed=${!whole} onClick=${() => setWhole(false)}>changes</button><button type="button" aria-pressed=${whole} onClick=${() => setWhole(true)}>whole</button></div>` : null}</header>
      ${state?.removed ? html`<p class="pad">The key was removed: etcd keeps nothing of it after this revision.</p>` : null}
      ${(state?.object || state?.removed) && (beforeObject || !before)
        ? html`<${Difference} before=${beforeObject} after=${state?.object} whole=${whole} testid="stored-diff" />`
        : html`<ul class="plain pad mono" data-testid="stored-diff">${(made.changes ?? ['no list of changes is recorded']).map((each) => html`<li><bdi>${visible(each)}</bdi></li>`)}</ul>`}
    </section>
    <section class="panel"><header class="panel-head"><h2>Stored object <span class="mono">${made.revision}</span></h2><span class="quiet">${bytes(made.bytes)}</span></header>
      ${state?.object ? html`<${StoredObject} object=${state.object} before=${beforeObject} />`
        : html`<p class="pad" data-testid="stored-object">${state?.removed ? 'Nothing: the key is gone.' : html`Not available: ${visible(state?.unavailable ?? 'no source kept it')}.`}</p>`}
    </section>
    <${Facts} timeline=${timeline} open=${open} made=${made} before=${before} state=${state} go=${go} />
  </div>`;
}

/** @param {{timeline: Timeline, open: OpenRun, made: OpenRun['revisions'][number], before?: OpenRun['revisions'][number], state?: import('../model/types.js').State, go: (view: string, params?: Record<string, string>) => void}} props */
function Facts({ timeline, open, made, before, state, go }) {
  const fact = (/** @type {string} */ name, /** @type {any} */ value) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : null);
  return html`<section class="panel facts"><header class="panel-head"><h2>Revision <span class="mono">${made.revision}</span></h2>${state ? html`<${Outcome} outcome=${state.outcome} />` : null}</header>
    <dl>
      ${fact('Written by', html`<${Component} component=${made.component} name=${made.component ?? made.user ?? 'unknown'} />`)}
      ${fact('as user', made.user && html`<${Raw}>${made.user}<//>`)}
      ${fact('field manager', made.manager && html`<${Raw}>${made.manager}<//>`)}
      ${fact('by', made.verb && html`<span class="mono">${visible(made.verb)} → ${made.code || 'no code'}</span>`)}
      ${fact('kind of write', visible(made.kind))}
      ${fact('at', made.time ? html`<time datetime=${made.time} title=${`${clock(made.time)} UTC`}>${offset(open.since(made.time))}</time>` : 'no source has the time')}
      ${fact('size', html`<${Size} made=${made} before=${before} />`)}
      ${fact('state', visible(made.state))}
      ${fact('node', made.node && html`<${Raw}>${made.node}<//>`)}
      ${fact('audit ID', made.auditID && html`<button type="button" class="link mono" onClick=${() => go('evidence', { audit: made.auditID ?? '' })}>${visible(made.auditID.slice(0, 8))}</button>`)}
      ${fact('joined by', made.joined === 'inferred' ? 'object, verb, user agent and time (inferred)' : made.joined && 'its revision in the answer')}
      ${fact('step', made.step && html`<button type="button" class="link" onClick=${() => timeline.seekPlace({ step: made.step })}>step ${made.step}</button>`)}
    </dl></section>`;
}
