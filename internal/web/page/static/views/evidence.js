/**
 * Evidence: every piece as its source delivered it, and where it is used.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useEffect, useRef, useState } from '../lib.js';
import { proofOf } from '../model/run.js';
import { bytes, plural, visible } from '../model/text.js';
import { clock, offset } from '../model/time.js';
import { Copy, Hidden, Json, Notice, Raw } from './pieces.js';
import { kindOfSource, Shape } from './shapes.js';

/** @param {{timeline: Timeline, route: import('../timeline/address.js').Route, go: (view: string, params?: Record<string, string>) => void}} props */
export function Evidence({ timeline, route, go }) {
  const open = timeline.open.value;
  const [source, setSource] = useState('');
  const [atCursor, setAtCursor] = useState(false);
  if (!open) return null;
  const audit = route?.params.get('audit') ?? '';
  const wanted = route?.params.get('piece') ?? '';
  const proof = new Set(proofOf(open, timeline.moment.value));
  const seen = open.evidence.filter((each) => !timeline.hidden(each.t));
  const list = seen.filter((each) => (!source || each.source === source) && (!audit || each.auditID === audit)
    && (!atCursor || proof.has(each.id)));
  return html`<div class="page-view">
    <header class="view-head"><h1>Evidence</h1><p class="quiet">${plural(open.evidence.length + (open.run.evidenceOmitted ?? 0), 'piece')}${open.run.evidenceOmitted ? `, of which ${open.run.evidenceOmitted} in the middle are left out` : ''}, as the sources delivered them; values that may be secret are taken out</p></header>
    <${Disagreements} open=${open} />
    <${Sources} open=${open} seen=${seen} source=${source} setSource=${setSource} />
    <div class="filters">
      <label><input type="checkbox" checked=${atCursor} onChange=${() => setAtCursor(!atCursor)} /> only what proves the moment at the cursor</label>
      ${audit ? html`<span class="pill">audit ID <${Raw}>${audit.slice(0, 8)}<//> <button type="button" class="link" onClick=${() => go('evidence', { audit: '' })}>all</button></span>` : null}
      <${Copy} text=${() => JSON.stringify(list.map((each) => each.raw), null, 2)} label=${`Copy ${list.length} as JSON`} />
    </div>
    <ul class="evidence-list">${list.map((piece) => html`<${Piece} key=${piece.id} timeline=${timeline} open=${open} piece=${piece} wanted=${piece.id === wanted} now=${proof.has(piece.id)} />`)}</ul>
    ${list.length ? null : html`<${Notice} title="No piece of evidence matches."><//>`}
    ${seen.length < open.evidence.length ? html`<${Hidden} timeline=${timeline} />` : null}
  </div>`;
}

/** @param {{open: OpenRun}} props */
function Disagreements({ open }) {
  const list = open.trace.disagreements ?? [];
  if (!list.length) return null;
  return html`<section class="panel disagreements"><header class="panel-head"><h2>Sources that disagree</h2></header>
    ${list.map((each) => html`<div class="pad"><b>${visible(each.about)}</b><ul class="plain">${each.claims.map((claim) => html`<li><b>${visible(claim.source)}</b> says <${Raw}>${claim.says}<//></li>`)}</ul></div>`)}</section>`;
}

/** @param {{open: OpenRun, seen: OpenRun['evidence'], source: string, setSource: (name: string) => void}} props */
function Sources({ open, seen, source, setSource }) {
  const names = [...new Set([...open.trace.sources.map((each) => each.name), ...open.evidence.map((each) => each.source)])];
  return html`<div class="sources" role="group" aria-label="Filter by source">
    <button type="button" class="source" aria-pressed=${source === ''} onClick=${() => setSource('')}><b>all</b><span>${seen.length}</span></button>
    ${names.map((name) => {
      const state = open.trace.sources.find((each) => each.name === name);
      const count = seen.filter((each) => each.source === name).length;
      const gone = state && !state.available;
      return html`<button type="button" class=${`source of-${kindOfSource(name)} ${gone ? 'gone' : ''}`} aria-pressed=${source === name} onClick=${() => setSource(source === name ? '' : name)}>
        <${Shape} kind=${kindOfSource(name)} /><b>${visible(name)}</b><span>${gone ? html`not available: <bdi>${visible(state.reason)}</bdi>` : count}</span></button>`;
    })}
    ${open.trace.dropped ? html`<p class="notice tone-wait">The journal dropped ${open.trace.dropped} entries of all requests: one of this run may be missing.</p>` : null}
  </div>`;
}

/** @param {{timeline: Timeline, open: OpenRun, piece: OpenRun['evidence'][number], wanted: boolean, now: boolean}} props */
function Piece({ timeline, open, piece, wanted, now }) {
  const [shown, setShown] = useState(wanted);
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    if (!wanted) return;
    setShown(true);
    ref.current?.scrollIntoView({ block: 'start' });
  }, [wanted]);
  return html`<li ref=${ref} class=${`evidence-piece of-${kindOfSource(piece.source)} ${now ? 'here' : ''}`} data-evidence=${piece.id}>
    <div class="evidence-row">
      <button type="button" class="row-button" aria-expanded=${shown} onClick=${() => setShown(!shown)}>
        <span class="evidence-source"><${Shape} kind=${kindOfSource(piece.source)} /> <b>${visible(piece.source)}</b></span>
        <${Raw} class="ellipsis">${piece.summary}<//>
        <time class="mono quiet" title=${piece.time ? `${clock(piece.time)} UTC` : ''}>${piece.time ? offset(piece.t) : 'no time'}</time>
        <span aria-hidden="true">${shown ? '⌄' : '›'}</span>
      </button>
      <span class="used">${(piece.steps ?? []).length ? 'used in' : 'not used in a step'} ${(piece.steps ?? []).map((step) => html`<button type="button" class="step-number small" aria-label=${`Go to step ${step}`} disabled=${!open.step.has(step)} onClick=${() => timeline.seekPlace({ step })}>${step}</button>`)}
        ${piece.revision && open.states.has(piece.revision) ? html`<button type="button" class="link mono" onClick=${() => timeline.seekPlace({ revision: piece.revision })}>rev ${piece.revision}</button>` : null}</span>
    </div>
    ${shown ? html`<div class="piece-raw">${piece.tooLarge ? html`<p class="quiet">Too large to be shown: ${bytes(piece.tooLarge)}.</p>`
      : html`<${Json} value=${piece.raw} /><p><${Copy} text=${() => JSON.stringify(piece.raw, null, 2)} label="Copy JSON" /></p>`}</div>` : null}
  </li>`;
}
