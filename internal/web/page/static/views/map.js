/**
 * The map of Flow: where things are and who talks to whom. It never moves.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('../model/map.js').Lane} Lane
 */
import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { along, fitting, layOut } from '../model/map.js';
import { lanesAt } from '../model/run.js';
import { plural, short, visible } from '../model/text.js';
import { duration } from '../model/time.js';
import { still, useSize } from './pieces.js';
import { glyph, outline } from './shapes.js';

/** Milliseconds in which a message travels when the cursor steps. */
const travel = 190;

/** @param {{timeline: Timeline, select: (id: string) => void}} props */
export function FlowMap({ timeline, select }) {
  const [ref, size] = useSize();
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const cursor = timeline.cursor.value;
  const narrow = size.width > 0 && size.width < 640;
  const nodes = useMemo(() => nodesOf(open), [open]);
  const actors = useMemo(() => everyone(open), [open]);
  const shape = [narrow, ...actors.map((each) => each.id), '|', ...nodes.map((each) => each.name)].join(' ');
  const map = useMemo(() => layOut(actors, nodes, narrow, open.messages), [shape]);
  const now = useMemo(() => new Set(timeline.moment.value?.messages ?? []), [open, cursor.moment]);
  const lanes = lanesAt(open, cursor.t, now);
  const travelled = useTravel(cursor.moment, timeline.isPlaying.value && timeline.speed.value !== 'step');
  return html`<section class=${narrow ? 'panel map narrow' : 'panel map'} aria-label="Map of the components">
    <header class="panel-head">
      <h2>Who talks to whom</h2>
      <span class="quiet legend-lines"><svg width="30" height="8" aria-hidden="true"><line x1="1" x2="29" y1="4" y2="4" /></svg> request, answer
        <svg width="30" height="8" aria-hidden="true"><line class="dotted" x1="1" x2="29" y1="4" y2="4" /></svg> event of a watch</span>
      ${timeline.isPlaying.value || timeline.prediction.value || !open.moments.length ? null : html`<button type="button" class="walk" onClick=${() => walk(timeline)}>Walk through it</button>`}
    </header>
    <div class="map-space" ref=${ref}>
    <svg class="map-drawing" viewBox=${`0 0 ${map.width} ${map.height}`} role="group"
        aria-label=${sentence(timeline)}>
      <${Choices} timeline=${timeline} map=${map} />
      ${map.lanes.map((lane) => html`<${LaneLine} key=${lane.key} lane=${lane} state=${lanes.get(lane.key)} open=${open} />`)}
      ${map.shapes.map((each) => html`<${ActorShape} key=${each.id} shape=${each} timeline=${timeline} />`)}
      <${Nodes} timeline=${timeline} map=${map} nodes=${nodes} />
      ${map.lanes.map((lane) => html`<${Chip} key=${lane.key} lane=${lane} state=${lanes.get(lane.key)} open=${open} select=${select} />`)}
      <${Travellers} timeline=${timeline} lanes=${map.lanes} now=${now} part=${travelled} />
    </svg>
    </div>
  </section>`;
}

/**
 * Plays the run from before its begin, step by step.
 * @param {Timeline} timeline
 */
function walk(timeline) {
  timeline.speed.value = 'step';
  timeline.seekMoment(-1);
  timeline.play();
}

/** The map is always the same: who took no part is on it, too. */
const always = /** @type {import('../model/types.js').Actor[]} */ ([
  { id: 'client', kind: 'client', name: 'Client' },
  { id: 'api-server', kind: 'api-server', name: 'API server' },
  { id: 'etcd', kind: 'etcd', name: 'etcd' },
  { id: 'scheduler', kind: 'scheduler', name: 'Scheduler' },
  { id: 'controller-manager', kind: 'controller-manager', name: 'Controller manager' },
]);

/** @param {OpenRun} open */
function everyone(open) {
  const others = always.filter((each) => !open.actors.some((actor) => actor.kind === each.kind));
  return [...open.actors, ...others];
}

/**
 * The nodes of the map: those of the decision, the chosen one first; else the one that
 * a state names.
 * @param {OpenRun} open
 */
function nodesOf(open) {
  if (open.nodes.length) {
    const chosen = open.nodes.findIndex((each) => each.chosen);
    const most = 4;
    const first = open.nodes.slice(0, most);
    if (chosen >= most) first[most - 1] = open.nodes[chosen];
    return [...first, ...open.nodes.slice(most)];
  }
  const named = [...new Set(open.revisions.map((each) => each.node).filter(Boolean))];
  return named.map((name) => ({ name: String(name), feasible: true }));
}

/** @param {Timeline} timeline */
function sentence(timeline) {
  const moment = timeline.moment.value;
  return moment ? `Map at the cursor: ${visible(moment.title)}` : 'Map before anything has happened';
}

/**
 * How far the messages of the cursor's moment have travelled, from 0 to 1.
 * @param {number} moment
 * @param {boolean} playing in which case time itself says it
 */
function useTravel(moment, playing) {
  const [part, setPart] = useState(1);
  const last = useRef(moment);
  useEffect(() => {
    const forward = moment > last.current;
    last.current = moment;
    if (playing || !forward || still()) {
      setPart(1);
      return;
    }
    let frame = 0;
    const begin = performance.now();
    const tick = (/** @type {number} */ now) => {
      const next = Math.min(1, (now - begin) / travel);
      setPart(next);
      if (next < 1) frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [moment, playing]);
  return part;
}

/**
 * @param {{lane: Lane, state: any, open: OpenRun}} props
 */
function LaneLine({ lane, state, open }) {
  const kind = open.actor.get(lane.from)?.kind ?? lane.from;
  const absent = !open.actor.has(lane.from) || !open.actor.has(lane.to);
  const dashed = state ? state.message.kind === 'watch' : kind === 'api-server' && !['client', 'etcd'].includes(lane.to);
  const name = `lane of-${kind} ${dashed ? 'dashed' : ''} ${state?.now ? 'now' : state ? 'past' : absent ? 'absent' : 'idle'}`;
  return html`<g class=${name}>
    <path class="lane-line" d=${pathOf(lane.points)} />
    <path class="lane-head" d=${headOf(lane.points, state?.now ? 11 : 8)} />
  </g>`;
}

/** @param {{x: number, y: number}[]} points */
function pathOf(points) {
  return points.map((point, index) => `${index ? 'L' : 'M'}${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ');
}

/**
 * @param {{x: number, y: number}[]} points
 * @param {number} size
 */
function headOf(points, size) {
  const b = points[points.length - 1];
  const a = points[points.length - 2];
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const [mx, my] = [b.x - ux * size, b.y - uy * size];
  const half = size * 0.42;
  return `M${b.x},${b.y} L${mx - uy * half},${my + ux * half} L${mx + uy * half},${my - ux * half} Z`;
}

/**
 * The label of the newest message of a lane; it opens what it carries.
 * @param {{lane: Lane, state: any, open: OpenRun, select: (id: string) => void}} props
 */
function Chip({ lane, state, open, select }) {
  if (!state || !lane.chip) return null;
  const { message, count } = state;
  const kind = open.actor.get(lane.from)?.kind ?? 'client';
  const most = Math.floor((lane.chip.w - 14) / 6.7);
  const number = message.step ? `${message.step} ` : '';
  const more = count > 1 ? ` ×${count}` : '';
  const text = fitting(number, visible(message.label), more, most);
  const w = Math.min(lane.chip.w, text.length * 6.7 + 16);
  const act = () => select(message.id);
  return html`<g class=${`chip of-${kind} ${state.now ? 'now' : 'past'}`} role="button" tabindex="0" data-message=${message.id}
      aria-label=${`${text}: ${visible(message.text)}`} onClick=${act}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === 'Enter') act(); }}>
    <title>${visible(message.text)}</title>
    <rect x=${lane.chip.x - w / 2} y=${lane.chip.y - 10} width=${w} height="20" rx="10" />
    <text x=${lane.chip.x} y=${lane.chip.y + 4} text-anchor="middle">${text}</text>
  </g>`;
}

/** @param {{shape: import('../model/map.js').Shape, timeline: Timeline}} props */
function ActorShape({ shape, timeline }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const acting = timeline.moment.value?.actor === shape.id && timeline.cursor.value.on;
  if (shape.kind === 'kubelet' && shape.label.w === 0) return null;
  return html`<g class=${`actor of-${shape.kind} ${acting ? 'acting' : ''} ${open.actor.has(shape.id) ? '' : 'absent'}`}>
    <path class="actor-shape" d=${outline(shape.kind, shape.w, shape.h)} transform=${`translate(${shape.x} ${shape.y})`} />
    <text class="glyph" x=${shape.x} y=${shape.y + (shape.kind === 'etcd' ? 9 : 5)} text-anchor="middle" aria-hidden="true">${glyph(shape.kind)}</text>
    <text class="actor-name" x=${shape.label.x} y=${shape.label.y - 3} text-anchor="middle">${visible(shape.name)}</text>
    <text class="actor-says" x=${shape.label.x} y=${shape.label.y + 12} text-anchor="middle">${short(says(open, timeline, shape), Math.floor(shape.label.w / 5.9))}</text>
  </g>`;
}

/**
 * What a component does at the cursor.
 * @param {OpenRun} open
 * @param {Timeline} timeline
 * @param {import('../model/map.js').Shape} shape
 */
function says(open, timeline, shape) {
  const { t, revision } = timeline.cursor.value;
  if (!open.actor.has(shape.id)) return 'no part in it so far';
  if (shape.kind === 'client') return shape.detail;
  if (shape.kind === 'etcd') {
    const made = open.revisions[revision];
    if (open.trace.sources.some((each) => each.name === 'etcd' && !each.available)) return 'could not be read';
    return made ? `revision ${made.revision}` : 'nothing stored yet';
  }
  if (shape.kind === 'api-server') {
    const requests = open.messages.filter((each) => each.to === shape.id && each.kind === 'request' && each.t0 <= t).length;
    const events = open.messages.filter((each) => each.from === shape.id && each.kind === 'watch' && each.at <= t).length;
    return requests ? `${plural(requests, 'request')} · ${plural(events, 'event')}` : 'everything goes through it';
  }
  const doing = open.activities.filter((each) => each.actor === shape.id && each.t0 <= t && !each.parent).at(-1);
  return doing ? `${doing.label}: ${doing.going ? 'still going on' : duration(doing.t1 - doing.t0)}` : 'watches';
}

/**
 * The nodes, as the scheduler saw them once it had decided, and the pod where it is.
 * @param {{timeline: Timeline, map: import('../model/map.js').FlowMap, nodes: {name: string, total?: number, reason?: string, feasible: boolean, chosen?: boolean}[]}} props
 */
function Nodes({ timeline, map, nodes }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const { t, revision } = timeline.cursor.value;
  const decided = open.deciding?.decidedAt ? open.since(open.deciding.decidedAt) <= t : revision >= 0 && Boolean(open.revisions[revision]?.node);
  const state = open.revisions[revision];
  const holds = state?.kind === 'remove' ? '' : state?.node ?? '';
  return html`<g class="nodes">
    ${map.nodes.map((box) => {
      const node = nodes.find((each) => each.name === box.name);
      const line = !decided || !node ? '' : node.feasible ? (node.total ? `${node.total} points${node.chosen ? ' ★' : ''}` : node.chosen ? 'chosen ★' : 'fits') : node.reason ?? 'does not fit';
      const left = box.x - box.w / 2 + 10;
      const top = box.y - box.h / 2;
      const most = Math.floor((box.w - 18) / 6.3);
      return html`<g class=${`node ${holds === box.name ? 'holds' : ''} ${decided && node && !node.feasible ? 'unfit' : ''}`}>
        <title>${visible(box.name)} ${visible(line)}</title>
        <rect x=${box.x - box.w / 2} y=${top} width=${box.w} height=${box.h} rx="3" />
        <text class="node-name" x=${left} y=${top + 18}>${short(box.name, Math.floor((box.w - 18) / 7.4))}</text>
        <text class="node-says" x=${left} y=${top + 35}>${short(line, most)}</text>
        ${holds === box.name ? html`<text class="node-pod" x=${left} y=${top + 53}>${short(`● ${open.trace.subject.name}: ${state.state}`, Math.floor((box.w - 18) / 7.2))}</text>` : null}
      </g>`;
    })}
    ${map.nodesLeftOut + (open.run.nodesOmitted ?? 0) > 0 ? html`<text class="node-more" x=${map.nodesArea.x} y=${map.nodesMoreAt} text-anchor="middle">
      and ${plural(map.nodesLeftOut + (open.run.nodesOmitted ?? 0), 'more node')}</text>` : null}
  </g>`;
}

/**
 * Who chose a node, and who runs the pod there: no messages, so they are thin.
 * @param {{timeline: Timeline, map: import('../model/map.js').FlowMap}} props
 */
function Choices({ timeline, map }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const state = open.revisions[timeline.cursor.value.revision];
  const box = map.nodes.find((each) => each.name === state?.node);
  if (!box || state?.kind === 'remove') return null;
  const runs = Boolean(state.phase && state.phase !== 'Pending');
  const by = map.shapes.find((each) => (runs ? each.kind === 'controller-manager' : each.kind === 'scheduler'));
  if (!by || (runs && map.shapes.some((each) => each.kind === 'kubelet'))) return null;
  const line = map.width < 500 ? upright(map, by, box, runs) : lying(by, box);
  return html`<path class=${`choice of-${by.kind}`} d=${line} />`;
}

/**
 * @param {import('../model/map.js').Shape} by
 * @param {import('../model/map.js').NodeBox} box
 */
function lying(by, box) {
  const x0 = by.x + by.w / 2 + 4;
  const x1 = box.x - box.w / 2 - 4;
  const middle = (x0 + x1) / 2;
  return `M${x0},${by.y} C${middle},${by.y} ${middle},${box.y} ${x1},${box.y}`;
}

/**
 * On the upright map the scheduler's choice goes round the controller manager.
 * @param {import('../model/map.js').FlowMap} map
 * @param {import('../model/map.js').Shape} by
 * @param {import('../model/map.js').NodeBox} box
 * @param {boolean} runs
 */
function upright(map, by, box, runs) {
  const end = box.y - box.h / 2 - 4;
  const above = end - 26;
  if (runs) return `M${by.x},${by.label.y + 18} C${by.x},${above + 8} ${box.x},${above} ${box.x},${end}`;
  const edge = map.width - 6;
  return `M${by.x + by.w / 2 + 4},${by.y} Q${edge},${by.y} ${edge},${by.y + 24} V${above - 20} Q${edge},${above} ${edge - 20},${above} H${box.x + 16} Q${box.x},${above} ${box.x},${end}`;
}

/**
 * Messages under way. While it plays they are where true time says.
 * @param {{timeline: Timeline, lanes: Lane[], now: Set<string>, part: number}} props
 */
function Travellers({ timeline, lanes, now, part }) {
  const open = /** @type {OpenRun} */ (timeline.open.value);
  const { t } = timeline.cursor.value;
  const timed = timeline.isPlaying.value && timeline.speed.value !== 'step';
  const moving = open.messages.filter((each) => (timed ? each.t0 <= t && t <= each.t1 : now.has(each.id)));
  if (!timed && part >= 1 && !still()) return null;
  return moving.slice(0, 40).map((message) => {
    const lane = lanes.find((each) => each.key === `${message.from}>${message.to}`);
    if (!lane) return null;
    const length = message.t1 - message.t0;
    const at = along(lane.points, timed ? (length > 0 ? (t - message.t0) / length : 1) : still() ? 0.5 : part);
    return html`<g class=${`traveller of-${open.actor.get(message.from)?.kind} ${message.exact ? '' : 'bounded'}`}>
      <circle class="halo" cx=${at.x} cy=${at.y} r="12" /><circle cx=${at.x} cy=${at.y} r="6" /></g>`;
  });
}
