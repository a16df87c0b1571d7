// The map of nodes: the canvas with what moves it.

import { html, useEffect, useRef, useState } from '../lib.js';
import { visible } from '../model/text.js';
import { describe, NodeCanvas } from './nodecanvas.js';
import { lookOf } from './phases.js';

/** @typedef {import('../model/cluster.js').Cluster} Cluster */

/**
 * NodeMap shows all nodes as tiles. The lists beside it say the same in words.
 * @param {object} props
 * @param {Cluster} props.cluster
 * @param {(take: (changes: ReturnType<Cluster['takeChanges']>) => void) => () => void} props.subscribe
 * @param {'cpu'|'memory'|'pods'} props.resource
 * @param {boolean} props.byZone
 * @param {number} props.selectedNode slot, or -1
 * @param {number} props.selectedPod slot, or -1
 * @param {(slot: number) => void} props.onNode
 * @param {(slot: number) => void} props.onPod
 * @param {any} [props.children] more tools
 */
export function NodeMap({ cluster, subscribe, resource, byZone, selectedNode, selectedPod, onNode, onPod, children }) {
  const frame = useRef(/** @type {HTMLElement|null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement|null} */ (null));
  const map = useRef(/** @type {NodeCanvas|null} */ (null));
  const [cursor, setCursor] = useState(-1);
  const [tip, setTip] = useState(/** @type {{x: number, y: number, text: string}|null} */ (null));
  const [status, setStatus] = useState({ zoom: 1, fitted: true, unsorted: 0 });

  useEffect(() => {
    if (!canvas.current || !frame.current) return;
    const drawn = new NodeCanvas(canvas.current, cluster);
    map.current = drawn;
    const tell = () => setStatus((s) => {
      const now = { zoom: drawn.view.zoom, fitted: drawn.fitted, unsorted: drawn.unsorted };
      return s.zoom === now.zoom && s.fitted === now.fitted && s.unsorted === now.unsorted ? s : now;
    });
    const place = frame.current;
    drawn.set({ resource, byZone });
    drawn.sort();
    const sizes = new ResizeObserver(() => drawn.resize(place.clientWidth, place.clientHeight));
    sizes.observe(place);
    const release = listenToPointers(drawn, tell);
    const theme = new MutationObserver(() => drawn.readColours());
    theme.observe(document.documentElement, { attributes: true });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => drawn.readColours();
    scheme.addEventListener('change', recolour);
    const unsubscribe = subscribe((changes) => {
      drawn.apply(changes);
      tell();
    });
    return () => {
      unsubscribe();
      sizes.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', recolour);
      release();
      drawn.close();
    };
  }, [cluster]);

  useEffect(() => map.current?.set({ resource, byZone, selectedNode: cursor >= 0 ? cursor : selectedNode, selectedPod }), [resource, byZone, selectedNode, selectedPod, cursor]);
  useEffect(() => setCursor(-1), [selectedNode]);

  const act = (/** @type {(drawn: NodeCanvas) => void} */ change) => {
    if (!map.current) return;
    change(map.current);
    setStatus({ zoom: map.current.view.zoom, fitted: map.current.fitted, unsorted: map.current.unsorted });
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const drawn = map.current;
    if (!drawn || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = cursor >= 0 ? cursor : selectedNode;
    const way = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
    if (way && event.shiftKey) act((d) => d.pan(-60 * way[0], -60 * way[1]));
    else if (way) {
      const to = at >= 0 ? drawn.tiles.step(at, ...way) : drawn.tiles.first();
      setCursor(to);
      act((d) => d.reveal(to));
    } else if (event.key === '+' || event.key === '=') act((d) => d.zoomBy(1.4));
    else if (event.key === '-') act((d) => d.zoomBy(1 / 1.4));
    else if (event.key === '0') act((d) => d.fit());
    else if (event.key === 'Enter' && at >= 0) onNode(at);
    else if (event.key === 'Escape') {
      setCursor(-1);
      onNode(-1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const point = (/** @type {MouseEvent} */ event) => {
    const box = /** @type {HTMLElement} */ (canvas.current).getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    const drawn = map.current;
    if (!drawn || event.pointerType !== 'mouse' || event.buttons) return setTip(null);
    const { x, y } = point(event);
    const hit = drawn.hit(x, y);
    setTip(hit.node < 0 ? null : { x, y, text: hit.pod >= 0 ? podInWords(cluster, hit.pod) : describe(cluster, hit.node, resource) });
  };
  const onClick = (/** @type {MouseEvent} */ event) => {
    const drawn = map.current;
    if (!drawn || drawn.canvas.dataset.moved) return;
    const { x, y } = point(event);
    const hit = drawn.hit(x, y);
    if (hit.pod >= 0) onPod(hit.pod);
    else onNode(hit.node);
  };

  const words = cursor >= 0 ? `${describe(cluster, cursor, resource)}. Enter opens it.` : '';
  return html`<div class="node-map" ref=${frame}>
    <canvas
      ref=${canvas} tabindex="0" role="application" aria-roledescription="map of nodes" data-keys="own"
      aria-label="Nodes as tiles. Arrow keys go from node to node, Enter opens one, plus and minus zoom, shift with arrow keys moves the map, 0 shows all. The lists Nodes and Pods say the same in words."
      onKeyDown=${onKeyDown} onPointerMove=${onMove} onPointerLeave=${() => setTip(null)} onClick=${onClick}
    />
    ${cluster.nodeCount === 0 && html`<p class="map-empty quiet">No node is known yet. A new one appears here by itself.</p>`}
    ${tip && html`<div class="map-tip" style=${tipStyle(tip, map.current)}><bdi>${tip.text}</bdi></div>`}
    <div class="sr" aria-live="polite">${words}</div>
  </div>
  <div class="map-tools">
    ${children}
    <span class="map-zoom">
      ${status.unsorted > 0 && html`<button type="button" title="Nodes that came later are behind the others" onClick=${() => act((d) => d.sort())}>
        Sort ${status.unsorted} new</button>`}
      <button type="button" aria-label="Zoom in" title="Zoom in (+)" onClick=${() => act((d) => d.zoomBy(1.6))}>+</button>
      <button type="button" aria-label="Zoom out" title="Zoom out (−)" onClick=${() => act((d) => d.zoomBy(1 / 1.6))}>−</button>
      <button type="button" title="Show all nodes (0)" disabled=${status.fitted} onClick=${() => act((d) => d.fit())}>All</button>
    </span>
  </div>`;
}

/**
 * @param {{x: number, y: number}} tip
 * @param {NodeCanvas|null} drawn
 */
function tipStyle(tip, drawn) {
  const right = drawn && tip.x > drawn.width / 2;
  const down = drawn && tip.y > drawn.height - 60;
  return {
    left: right ? 'auto' : `${tip.x + 14}px`,
    right: right && drawn ? `${drawn.width - tip.x + 14}px` : 'auto',
    top: down ? `${tip.y - 36}px` : `${tip.y + 14}px`,
  };
}

/**
 * @param {Cluster} cluster
 * @param {number} slot
 */
function podInWords(cluster, slot) {
  const pod = cluster.pod(slot);
  const look = lookOf(pod.phase);
  return `${visible(pod.namespace)}/${visible(pod.name)} · ${look.title}: ${look.meaning}`;
}

/**
 * listenToPointers moves the map by mouse, pen and fingers.
 * @param {NodeCanvas} drawn
 * @param {() => void} tell that the view is another
 */
function listenToPointers(drawn, tell) {
  const { canvas } = drawn;
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  let travelled = 0;
  const local = (/** @type {PointerEvent|WheelEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  const onDown = (/** @type {PointerEvent} */ event) => {
    if (pointers.size === 0) travelled = 0;
    pointers.set(event.pointerId, local(event));
    delete canvas.dataset.moved;
  };
  const onMove = (/** @type {PointerEvent} */ event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = local(event);
    if (pointers.size === 2) {
      const from = spread();
      pointers.set(event.pointerId, now);
      const to = spread();
      drawn.zoomBy(to.distance / Math.max(1, from.distance), to.x, to.y);
      drawn.pan(to.x - from.x, to.y - from.y);
      travelled = 100;
    } else {
      pointers.set(event.pointerId, now);
      travelled += Math.hypot(now.x - before.x, now.y - before.y);
      if (travelled > 4) drawn.pan(now.x - before.x, now.y - before.y);
    }
    if (travelled <= 4) return;
    if (!canvas.hasPointerCapture(event.pointerId)) canvas.setPointerCapture(event.pointerId);
    // A click follows the release; it is not one on what is below.
    canvas.dataset.moved = 'true';
    tell();
  };
  const onUp = (/** @type {PointerEvent} */ event) => {
    pointers.delete(event.pointerId);
    setTouch();
  };
  // Fingers scroll the page until the map is zoomed.
  const setTouch = () => canvas.classList.toggle('zoomed', !drawn.fitted);
  const onWheel = (/** @type {WheelEvent} */ event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const { x, y } = local(event);
    drawn.zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), x, y);
    setTouch();
    tell();
  };
  canvas.addEventListener('pointerdown', onDown);
  canvas.addEventListener('pointermove', onMove);
  canvas.addEventListener('pointerup', onUp);
  canvas.addEventListener('pointercancel', onUp);
  canvas.addEventListener('wheel', onWheel, { passive: false });
  return () => {
    canvas.removeEventListener('pointerdown', onDown);
    canvas.removeEventListener('pointermove', onMove);
    canvas.removeEventListener('pointerup', onUp);
    canvas.removeEventListener('pointercancel', onUp);
    canvas.removeEventListener('wheel', onWheel);
  };
}
