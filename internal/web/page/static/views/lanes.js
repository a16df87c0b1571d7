/**
 * The lanes of Flow: the messages over true time, so that waiting is seen as length.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('../model/scale.js').TimeScale} TimeScale
 */
import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { arrows, bar, bars, knots, layRows } from '../model/lanes.js';
import { linear, logarithmic } from '../model/scale.js';
import { visible } from '../model/text.js';
import { between, duration, offset } from '../model/time.js';
import { useSize } from './pieces.js';
import { outline } from './shapes.js';

const margin = { left: 176, right: 24, narrowLeft: 40 };

/** @param {{timeline: Timeline, select: (id: string) => void}} props */
export function Lanes({ timeline, select }) {
  const [ref, size] = useSize();
  const [mode, setMode] = useState(/** @type {'linear'|'log'} */ ('log'));
  const [zoom, setZoom] = useState(() => firstZoom(timeline.open.value?.messages.length ?? 0));
  const scroller = useRef(/** @type {HTMLElement|null} */ (null));
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const narrow = size.width < 560;
  const left = narrow ? margin.narrowLeft : margin.left;
  const width = Math.max(240, size.width - left) * zoom;
  const { rows, height } = useMemo(() => layRows(open), [open]);
  const scale = useMemo(() => {
    const range = /** @type {[number, number]} */ ([14, width - margin.right]);
    return mode === 'log' ? logarithmic(knots(open), range) : linear(0, open.end, range);
  }, [open, mode, width]);
  useFollow(scroller, scale.x(Math.max(0, timeline.cursor.value.t)));
  return html`<section class="panel lanes" aria-label="Messages over time">
    <header class="panel-head">
      <h2>Messages over time</h2>
      <span class="quiet">${timeline.horizon.value === Infinity ? `${duration(open.end)} in all` : ''}${omitted(open)}</span>
      <div class="segmented" role="group" aria-label="Scale of time">
        <button type="button" aria-pressed=${mode === 'linear'} title="A wait is as long as it was" onClick=${() => setMode('linear')}>linear</button>
        <button type="button" aria-pressed=${mode === 'log'} title="A wait is as long as its logarithm: 0.1 ms and 30 s are both readable" onClick=${() => setMode('log')}>log</button>
      </div>
      <div class="segmented" role="group" aria-label="Zoom">
        <button type="button" aria-label="Zoom out" disabled=${zoom <= 1} onClick=${() => setZoom(Math.max(1, zoom / 2))}>−</button>
        <button type="button" aria-label=${`${zoom}×: show all`} title="Show all" disabled=${zoom === 1} onClick=${() => setZoom(1)}>${zoom}×</button>
        <button type="button" aria-label="Zoom in" disabled=${zoom >= 64} onClick=${() => setZoom(Math.min(64, zoom * 2))}>+</button>
      </div>
    </header>
    <div class="lanes-body" ref=${ref}>
      <${RowNames} rows=${[...rows.values()]} height=${height} narrow=${narrow} width=${left} />
      <div class="lanes-scroll" ref=${scroller} tabindex="0" role="group" aria-label="Lanes; scrolls sideways when zoomed">
        <svg class="lanes-drawing" width=${width} height=${height} role="img" aria-label=${described(open)} onPointerDown=${(/** @type {PointerEvent} */ event) => drag(event, scale, timeline)}>
          <${Ground} rows=${[...rows.values()]} scale=${scale} width=${width} height=${height} />
          <${Marks} open=${open} rows=${rows} scale=${scale} horizon=${timeline.horizon.value} select=${select} />
          <${Now} timeline=${timeline} rows=${rows} scale=${scale} width=${width} height=${height} />
        </svg>
      </div>
    </div>
  </section>`;
}

/**
 * Many messages begin zoomed, so that they can be told apart.
 * @param {number} messages
 */
function firstZoom(messages) {
  return Math.min(16, 2 ** Math.max(0, Math.ceil(Math.log2(messages / 120))));
}

/** @param {OpenRun} open */
function omitted(open) {
  const count = (open.run.messagesOmitted ?? 0) + (open.run.activitiesOmitted ?? 0);
  return count ? ` · ${count} in the middle left out` : '';
}

/** @param {OpenRun} open */
function described(open) {
  return `${open.messages.length} messages between ${open.actors.length} components in ${duration(open.end)}. The side panel lists those at the cursor.`;
}

/**
 * Keeps the cursor in sight of a zoomed drawing.
 * @param {{current: HTMLElement|null}} scroller
 * @param {number} x
 */
function useFollow(scroller, x) {
  useEffect(() => {
    const element = scroller.current;
    if (!element || element.scrollWidth <= element.clientWidth) return;
    const inside = x > element.scrollLeft + 24 && x < element.scrollLeft + element.clientWidth - 60;
    if (!inside) element.scrollLeft = x - element.clientWidth / 2;
  }, [x]);
}

/**
 * Moves the cursor to where the pointer is, as long as it is down.
 * @param {PointerEvent} event
 * @param {TimeScale} scale
 * @param {Timeline} timeline
 */
function drag(event, scale, timeline) {
  if (event.button !== 0 || /** @type {Element} */ (event.target).closest('[data-message]')) return;
  const svg = /** @type {SVGSVGElement} */ (event.currentTarget);
  const to = (/** @type {PointerEvent} */ at) => timeline.seekTime(Math.max(0, scale.t(at.clientX - svg.getBoundingClientRect().left)));
  to(event);
  if (event.pointerType === 'touch') return;
  svg.setPointerCapture(event.pointerId);
  const stop = new AbortController();
  svg.addEventListener('pointermove', to, { signal: stop.signal });
  for (const end of ['pointerup', 'pointercancel']) svg.addEventListener(end, () => stop.abort(), { signal: stop.signal });
}

/** @param {{rows: import('../model/lanes.js').Row[], height: number, narrow: boolean, width: number}} props */
function RowNames({ rows, height, narrow, width }) {
  return html`<svg class="row-names" width=${width} height=${height} aria-hidden="true">
    ${rows.map((row) => html`<g class=${`of-${row.kind}`}>
      <path class="row-shape" d=${outline(row.kind, 14, row.kind === 'client' || row.kind === 'kubelet' ? 11 : 14)} transform=${`translate(${narrow ? 22 : 22} ${row.y})`} />
      ${narrow ? null : html`<text x="38" y=${row.y + 4}>${visible(row.name)}</text>`}
    </g>`)}
  </svg>`;
}

/** @param {{rows: import('../model/lanes.js').Row[], scale: TimeScale, width: number, height: number}} props */
function Ground({ rows, scale, width, height }) {
  return useMemo(() => html`<g class="ground">
    ${scale.ticks.map((tick) => html`<g><line class="grid" x1=${scale.x(tick.t)} x2=${scale.x(tick.t)} y1="14" y2=${height - 20} />
      <text class="tick" x=${scale.x(tick.t)} y=${height - 6} text-anchor="middle">${tick.label}</text></g>`)}
    ${rows.map((row) => html`<line class="row-line" x1="0" x2=${width} y1=${row.y} y2=${row.y} />`)}
  </g>`, [rows.length, scale, width, height]);
}

/**
 * All that does not move with the cursor: drawn once for each state of the run.
 * @param {{open: OpenRun, rows: Map<string, import('../model/lanes.js').Row>, scale: TimeScale, horizon: number, select: (id: string) => void}} props
 */
function Marks({ open, rows, scale, horizon, select }) {
  return useMemo(() => html`<g class="marks">
    ${bars(open, rows, scale, horizon).map((each) => html`<g class=${`bar of-${each.kind} depth-${each.activity.depth}`}>
      <title>${visible(`${each.activity.label}, ${each.activity.going ? 'still going on' : duration(each.activity.t1 - each.activity.t0)}: ${each.activity.text}`)}</title>
      <rect x=${each.x} y=${each.y} width=${each.w} height=${bar} rx="2" />
      ${each.label ? html`<text x=${each.x + 4} y=${each.y + 10}>${each.label}</text>` : null}
    </g>`)}
    ${arrows(open, rows, scale, horizon).map((each) => html`<${Arrow} key=${each.message.id} arrow=${each} select=${select} />`)}
  </g>`, [open, rows, scale, horizon, select]);
}

/** @param {{arrow: ReturnType<typeof arrows>[number], select?: (id: string) => void, strong?: boolean}} props */
function Arrow({ arrow, select = undefined, strong = false }) {
  const { message, kind, a, b, label } = arrow;
  const name = `arrow of-${kind} ${message.kind === 'watch' ? 'dashed' : ''} ${message.exact ? '' : 'bounded'} ${strong ? 'strong' : ''}`;
  const act = select && (() => select(message.id));
  return html`<g class=${name} data-message=${message.id} onClick=${act}>
    <title>${visible(message.text)}${'\n'}${when(message)}</title>
    <line class="hit" x1=${a.x} y1=${a.y} x2=${b.x} y2=${b.y} />
    <line x1=${a.x} y1=${a.y} x2=${b.x} y2=${b.y} />
    <path d=${head(a, b, strong ? 10 : 7)} />
    ${label ? html`<text x=${label.x} y=${label.y}>${label.text}</text>` : null}
  </g>`;
}

/** @param {import('../model/run.js').OpenRun['messages'][number]} message */
export function when(message) {
  if (message.exact) return between(message.t0, message.t1);
  if (message.sentAt) return `sent ${offset(message.t0)}; ${message.unknown ?? 'when it arrived is not known'}`;
  if (message.receivedAt) return `received ${offset(message.t1)}; ${message.unknown ?? 'when it was sent is not known'}`;
  return `between ${offset(message.t0)} and ${offset(message.t1)}; ${message.unknown ?? 'its times are not known'}`;
}

/**
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 * @param {number} size
 */
function head(a, b, size) {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const half = size * 0.42;
  const [mx, my] = [b.x - ux * size, b.y - uy * size];
  return `M${b.x.toFixed(1)},${b.y.toFixed(1)} L${(mx - uy * half).toFixed(1)},${(my + ux * half).toFixed(1)} L${(mx + uy * half).toFixed(1)},${(my - ux * half).toFixed(1)} Z`;
}

/**
 * What moves: the cursor, the veil over what has not happened yet, and what happens now.
 * @param {{timeline: Timeline, rows: Map<string, import('../model/lanes.js').Row>, scale: TimeScale, width: number, height: number}} props
 */
function Now({ timeline, rows, scale, width, height }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const { t, on } = timeline.cursor.value;
  const x = scale.x(Math.max(0, t));
  const moment = timeline.moment.value;
  const ids = new Set(on && moment ? moment.messages ?? [] : []);
  const all = useMemo(() => new Map(arrows(open, rows, scale, Infinity).map((each) => [each.message.id, each])), [open, rows, scale]);
  const strong = [...ids].map((id) => all.get(id)).filter((each) => each !== undefined);
  const text = t < 0 ? 'begin' : offset(t);
  const w = text.length * 7 + 18;
  const pill = Math.min(Math.max(x, w / 2 + 1), width - w / 2 - 1);
  return html`<g class="now">
    <rect class="veil" x=${x} y="0" width=${Math.max(0, width - x)} height=${height - 20} />
    ${strong.map((each) => html`<${Arrow} key=${each.message.id} arrow=${each} strong=${true} />`)}
    <line class="cursor-line" x1=${x} x2=${x} y1="12" y2=${height - 20} />
    <rect class="cursor-pill" x=${pill - w / 2} y="1" width=${w} height="19" rx="9.5" />
    <text class="cursor-text" x=${pill} y="15" text-anchor="middle">${text}</text>
  </g>`;
}
