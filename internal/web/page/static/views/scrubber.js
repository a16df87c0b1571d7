/**
 * The scrubber below every view of a run: the moments in the order in which they were
 * completed, the revisions of etcd below them, and what plays them.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useMemo } from '../lib.js';
import { placeAmong, roomFor, stops, within } from '../model/scrubber.js';
import { short, visible } from '../model/text.js';
import { offset } from '../model/time.js';
import { speeds } from '../timeline/play.js';
import { useSize } from './pieces.js';

/** @param {{timeline: Timeline}} props */
export function Scrubber({ timeline }) {
  const open = timeline.open.value;
  if (!open || !open.moments.length) return null;
  return html`<section class="scrubber" aria-label="Cursor">
    <${Transport} timeline=${timeline} />
    <${Track} timeline=${timeline} open=${open} />
  </section>`;
}

/** @param {{timeline: Timeline}} props */
function Transport({ timeline }) {
  const playing = timeline.isPlaying.value;
  return html`<div class="transport">
    <div class="transport-row">
      <button type="button" class="icon" aria-label="Step back" title="Step back (←)" onClick=${() => timeline.step(-1)}>◂</button>
      <button type="button" class="play" aria-label=${playing ? 'Pause' : 'Play'} title=${`${playing ? 'Pause' : 'Play'} (space)`} onClick=${() => timeline.toggle()}>
        <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d=${playing ? 'M4,3 h4 v12 h-4 z M10,3 h4 v12 h-4 z' : 'M5,2.5 L15,9 L5,15.5 Z'} /></svg>
      </button>
      <button type="button" class="icon" aria-label="Step on" title="Step on (→)" onClick=${() => timeline.step(1)}>▸</button>
    </div>
    <label class="speed"><span class="sr">Speed</span>
      <select value=${timeline.speed.value} onChange=${(/** @type {Event} */ event) => { timeline.speed.value = /** @type {HTMLSelectElement} */ (event.target).value; }}>
        ${speeds.map((each) => html`<option value=${each.id} selected=${each.id === timeline.speed.value}>${each.name}</option>`)}
      </select>
    </label>
  </div>`;
}

/** @param {{timeline: Timeline, open: OpenRun}} props */
function Track({ timeline, open }) {
  const [ref, size] = useSize();
  const list = useMemo(() => stops(open), [open]);
  const cursor = timeline.cursor.value;
  const frontier = timeline.frontier.value;
  const seen = list.filter((stop) => stop.index <= frontier);
  const width = Math.max(1, size.width);
  const label = (/** @type {import('../model/scrubber.js').Stop} */ stop) => labelOf(open, stop);
  const kept = useMemo(() => roomFor(seen, label, width, cursor.moment), [open, frontier, width, cursor.moment]);
  const revision = (/** @type {import('../model/scrubber.js').Stop} */ stop) => (stop.revision ? `rev ${stop.revision}` : '');
  const keptRevisions = useMemo(() => roomFor(seen, revision, width, cursor.moment), [open, frontier, width, cursor.moment]);
  const x = placeAmong(open, cursor) * width;
  const room = width / Math.max(1, list.length);
  const key = (/** @type {KeyboardEvent} */ event) => {
    const moves = /** @type {Record<string, () => void>} */ ({ Home: () => timeline.seekMoment(-1), End: () => timeline.seekMoment(open.moments.length - 1) });
    moves[event.key]?.();
  };
  return html`<div class="track" ref=${ref} role="slider" tabindex="0" aria-label="Moment of the run" aria-orientation="horizontal"
      aria-valuemin="0" aria-valuemax=${open.moments.length} aria-valuenow=${cursor.moment + 1} aria-valuetext=${valueText(timeline, open)}
      onKeyDown=${key} onPointerDown=${(/** @type {PointerEvent} */ event) => drag(event, timeline, list)}>
    <svg width=${width} height="86" aria-hidden="true" focusable="false">
      <line class="rail" x1="0" x2=${width} y1="40" y2="40" />
      <line class="rail done" x1="0" x2=${x} y1="40" y2="40" />
      ${seen.map((stop) => {
        const moment = open.moments[stop.index];
        const kind = open.actor.get(moment.actor)?.kind ?? 'client';
        const state = stop.index === cursor.moment && cursor.on ? 'here' : stop.index <= cursor.moment ? 'done' : 'ahead';
        const at = stop.x * width;
        const inside = (/** @type {string} */ text) => within(at, text.length * 3.4, width);
        return html`<g class=${`stop of-${kind} ${state} ${stop.step ? '' : 'minor'}`}>
          <circle cx=${at} cy="40" r=${state === 'here' ? 9 : Math.max(1.5, Math.min(stop.step ? 6 : 3.5, room * 0.42))} />
          ${kept.has(stop.index) ? html`<text class="stop-name" x=${inside(label(stop))} y="20" text-anchor="middle">${label(stop)}</text>` : null}
          ${stop.revision ? html`<line class="stop-revision" x1=${at} x2=${at} y1="52" y2="60" />` : null}
          ${keptRevisions.has(stop.index) ? html`<text class="stop-revision-name" x=${inside(revision(stop))} y="75" text-anchor="middle">rev ${stop.revision}</text>` : null}
        </g>`;
      })}
      ${cursor.on ? null : html`<path class="between" d=${`M${x},31 l6,9 l-6,9 l-6,-9 Z`} />`}
    </svg>
  </div>`;
}

/**
 * @param {OpenRun} open
 * @param {import('../model/scrubber.js').Stop} stop
 */
function labelOf(open, stop) {
  const moment = open.moments[stop.index];
  return `${moment.step ? `${moment.step} ` : ''}${short(moment.label, 14)}`;
}

/**
 * @param {Timeline} timeline
 * @param {OpenRun} open
 */
function valueText(timeline, open) {
  const moment = timeline.moment.value;
  const revision = open.revisions[timeline.cursor.value.revision]?.revision;
  const stored = revision ? `revision ${revision}` : 'nothing stored';
  if (!moment) return `before everything, ${stored}`;
  return `${moment.step ? `step ${moment.step}, ` : ''}${visible(moment.title)}, ${offset(timeline.cursor.value.t)}, ${stored}`;
}

/**
 * @param {PointerEvent} event
 * @param {Timeline} timeline
 * @param {import('../model/scrubber.js').Stop[]} list
 */
function drag(event, timeline, list) {
  if (event.button !== 0) return;
  const track = /** @type {HTMLElement} */ (event.currentTarget);
  const to = (/** @type {PointerEvent} */ at) => {
    const box = track.getBoundingClientRect();
    const index = Math.floor(((at.clientX - box.left) / box.width) * list.length);
    timeline.seekMoment(Math.max(-1, Math.min(list.length - 1, at.clientX < box.left + 2 ? -1 : index)));
  };
  to(event);
  track.setPointerCapture(event.pointerId);
  const stop = new AbortController();
  track.addEventListener('pointermove', to, { signal: stop.signal });
  for (const end of ['pointerup', 'pointercancel']) track.addEventListener(end, () => stop.abort(), { signal: stop.signal });
}
