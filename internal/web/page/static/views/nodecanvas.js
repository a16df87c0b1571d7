// Draws the nodes and their pods on a canvas. What it draws it takes from the
// model; it draws again only what changed.

import { fill, nameOrder, troubled } from '../model/cluster.js';
import { gridOf, groupGap, tileRatio, Tiles, titleHeight } from '../model/tiles.js';
import { percent } from '../model/amounts.js';
import { number, visible } from '../model/text.js';
import { drawMark, lookOf, phaseClass } from './phases.js';

/** @typedef {import('../model/cluster.js').Cluster} Cluster */
/** @typedef {import('../model/cluster.js').Node} Node */
/** @typedef {{node: number, pod: number}} Hit slots; -1 for none */

const margin = 12;
// Sizes on the screen from which more can be told.
const boxFrom = 9;
const marksFrom = 6;
// Below it single pods cannot be told apart, and a tile is one colour.
const podsFrom = 2.6;
const nameFrom = 88;
// A pod is named where its line is at least this high and wide.
const lineHeight = 20;
const lineWidth = 104;
// How long a pod that has just come or changed is ringed.
const ringFor = 180;
const mostRings = 400;

/**
 * Options of what is shown.
 * @typedef {object} Options
 * @property {'cpu'|'memory'|'pods'} resource
 * @property {boolean} byZone
 * @property {number} selectedNode slot, or -1
 * @property {number} selectedPod slot, or -1
 */

export class NodeCanvas {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Cluster} cluster
   */
  constructor(canvas, cluster) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    this.cluster = cluster;
    this.tiles = new Tiles();
    /** @type {Options} */
    this.options = { resource: 'cpu', byZone: true, selectedNode: -1, selectedPod: -1 };
    /** Slots of nodes in the order in which they are placed. @type {number[]} */
    this.order = [];
    this.view = { zoom: 1, x: 0, y: 0 };
    this.width = 0;
    this.height = 0;
    this.ratio = 1;
    /** The grid of most tiles, so that pods have the same size in them. */
    this.commonGrid = 2;
    this.all = true;
    /** @type {Set<number>} */
    this.dirty = new Set();
    /** When a pod changed, by its slot. @type {Map<number, number>} */
    this.rings = new Map();
    /** @type {Map<string, HTMLCanvasElement>} */
    this.marks = new Map();
    this.frame = 0;
    this.colours = { ground: '', panel: '', line: '', ink: '', quiet: '', fill: '', over: '', cordon: '', phases: /** @type {string[]} */ ([]) };
    this.font = '';
    /** How much larger text is than usual, as on a projector. */
    this.text = 1;
    this.still = matchMedia('(prefers-reduced-motion: reduce)');
    this.readColours();
  }

  close() {
    cancelAnimationFrame(this.frame);
  }

  /** readColours takes them from the style sheet, which knows the theme. */
  readColours() {
    const probe = document.createElement('span');
    this.canvas.parentElement?.append(probe);
    const colour = (/** @type {string} */ className) => {
      probe.className = className;
      return getComputedStyle(probe).color;
    };
    this.colours = {
      ground: colour('map-ground'), panel: colour('map-panel'), line: colour('map-line'), ink: colour('map-ink'),
      quiet: colour('map-quiet'), fill: colour('map-fill'), over: colour('map-over'), cordon: colour('map-cordon'),
      phases: this.cluster.phases.map((phase) => colour(phaseClass(phase))),
    };
    this.font = getComputedStyle(this.canvas).fontFamily;
    this.text = (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
    probe.remove();
    this.marks.clear();
    this.redraw();
  }

  /**
   * @param {number} size
   * @param {number} [weight]
   */
  fontOf(size, weight = 400) {
    return `${weight} ${size * this.text}px ${this.font}`;
  }

  /** @param {Partial<Options>} options */
  set(options) {
    const byZone = this.options.byZone;
    this.options = { ...this.options, ...options };
    if (options.byZone !== undefined && options.byZone !== byZone) this.sort();
    this.redraw();
  }

  /**
   * resize fits the drawing to its place on the page.
   * @param {number} width
   * @param {number} height
   */
  resize(width, height) {
    if (width < 1 || height < 1 || (width === this.width && height === this.height)) return;
    this.width = width;
    this.height = height;
    this.ratio = Math.min(2, devicePixelRatio || 1);
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    this.arrange();
  }

  /** sort orders the nodes by name, as when the page was opened. */
  sort() {
    const nodes = this.cluster.nodes.flatMap((node, slot) => (node ? [{ slot, order: `${nameOrder(this.groupOf(node))}\n${nameOrder(node.name)}` }] : []));
    nodes.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
    this.order = nodes.map((n) => n.slot);
    this.unsorted = 0;
    this.arrange();
  }

  /** How many nodes have come since they were sorted. */
  unsorted = 0;

  /** @param {Node} node */
  groupOf(node) {
    return this.options.byZone ? (node.zone || 'no zone') : 'all nodes';
  }

  /** arrange fits all tiles into the place, in the order that they have. */
  arrange() {
    const nodes = this.order.flatMap((slot) => {
      const node = this.cluster.nodes[slot];
      return node ? [{ slot, group: this.groupOf(node) }] : [];
    });
    this.tiles.arrange(nodes, { width: this.width - 2 * margin, height: this.height - 2 * margin });
    const sizes = nodes.map(({ slot }) => gridOf(this.cluster.cells[slot].slots.length)).sort((a, b) => a - b);
    this.commonGrid = sizes[Math.floor(sizes.length * 0.9)] ?? 2;
    this.fit();
  }

  fit() {
    const zoom = Math.min(1, (this.height - 2 * margin) / Math.max(1, this.tiles.height), (this.width - 2 * margin) / Math.max(1, this.tiles.width));
    this.view = { zoom, x: margin, y: margin };
    this.redraw();
  }

  /** Whether the view is as fit leaves it. */
  get fitted() {
    return this.view.zoom <= 1 && this.view.x === margin && this.view.y === margin;
  }

  /**
   * apply takes over what changed in the model.
   * @param {ReturnType<Cluster['takeChanges']>} changes
   */
  apply(changes) {
    if (this.colours.phases.length < this.cluster.phases.length) this.readColours();
    if (changes.restarted || this.order.length === 0) {
      this.rings.clear();
      this.sort();
      return;
    }
    let room = true;
    for (const slot of [...changes.nodesRemoved, ...changes.nodesMoved]) this.remove(slot);
    for (const slot of [...changes.nodesAdded, ...changes.nodesMoved]) {
      const node = this.cluster.nodes[slot];
      if (!node) continue;
      this.unsorted++;
      this.order.push(slot);
      room = this.tiles.add(slot, this.groupOf(node)) && room;
    }
    if (!room) this.arrange();
    if (changes.all) this.redraw();
    for (const slot of changes.nodes) this.dirty.add(slot);
    this.ring(changes.pods);
    this.wake();
  }

  /** @param {number} slot */
  remove(slot) {
    this.tiles.remove(slot);
    const at = this.order.indexOf(slot);
    if (at >= 0) this.order.splice(at, 1);
    // Its place is empty now, and no tile clears it.
    this.redraw();
  }

  /** @param {Set<number>} pods */
  ring(pods) {
    if (this.still.matches) return;
    const until = performance.now() + ringFor;
    for (const pod of pods) {
      if (this.rings.size >= mostRings) return;
      this.rings.set(pod, until);
    }
  }

  redraw() {
    this.all = true;
    this.wake();
  }

  wake() {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      this.draw(now);
    });
  }

  /** @param {number} now */
  draw(now) {
    if (this.width === 0) return;
    for (const [pod, until] of this.rings) {
      if (until > now) continue;
      this.rings.delete(pod);
      const node = this.cluster.nodeSlots.get(this.cluster.node[pod]);
      if (node !== undefined) this.dirty.add(node);
    }
    const { context, ratio } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this.all) this.drawAll();
    else this.drawTiles(this.dirty);
    this.all = false;
    this.dirty.clear();
    if (this.rings.size > 0) this.wake();
  }

  drawAll() {
    const { context, colours } = this;
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, this.width, this.height);
    for (const group of this.tiles.groups) this.drawTitle(group);
    this.drawTiles(this.tiles.places.keys());
  }

  /** @param {import('../model/tiles.js').Group} group */
  drawTitle(group) {
    const { context, colours, view } = this;
    const x = view.x + group.x * view.zoom;
    const y = view.y + group.y * view.zoom;
    const width = (group.columns * this.tiles.tile * tileRatio + groupGap) * view.zoom - 4;
    if (y > this.height || y < -40 || x > this.width || x + width < 0 || width < 12) return;
    const at = Math.max(x, 4);
    context.font = this.fontOf(12, 600);
    context.textBaseline = 'middle';
    context.fillStyle = colours.quiet;
    const count = group.slots.reduce((n, slot) => n + (slot >= 0 ? 1 : 0), 0);
    const text = fitText(context, visible(group.name), x + width - at);
    context.fillText(text, at, y + titleHeight * view.zoom / 2 - 1);
    const more = `  ${number(count)}`;
    const nameWidth = context.measureText(text).width;
    context.font = this.fontOf(12);
    if (at + nameWidth + context.measureText(more).width < x + width) context.fillText(more, at + nameWidth, y + titleHeight * view.zoom / 2 - 1);
  }

  /** @param {Iterable<number>} slots */
  drawTiles(slots) {
    const size = this.tiles.tile * this.view.zoom;
    /** Rectangles of pods, by phase, so that the colour changes rarely. @type {number[][]} */
    const rects = this.colours.phases.map(() => []);
    /** @type {number[][]} */
    const faint = this.colours.phases.map(() => []);
    for (const slot of slots) {
      const at = this.tiles.position(slot);
      const node = this.cluster.nodes[slot];
      if (!at || !node) continue;
      const x = this.view.x + at.x * this.view.zoom;
      const y = this.view.y + at.y * this.view.zoom;
      if (x > this.width || y > this.height || x + size * tileRatio < 0 || y + size < 0) continue;
      this.drawTile(slot, node, x, y, size, rects, faint);
    }
    this.fillRects(faint, 0.22);
    this.fillRects(rects, 1);
  }

  /**
   * @param {number[][]} rects
   * @param {number} alpha
   */
  fillRects(rects, alpha) {
    const { context } = this;
    context.globalAlpha = alpha;
    rects.forEach((list, phase) => {
      context.fillStyle = this.colours.phases[phase];
      for (let i = 0; i < list.length; i += 4) context.fillRect(list[i], list[i + 1], list[i + 2], list[i + 3]);
    });
    context.globalAlpha = 1;
  }

  /**
   * @param {number} slot
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {number} size height with the gap
   * @param {number[][]} rects
   * @param {number[][]} faint
   */
  drawTile(slot, node, x, y, size, rects, faint) {
    const { context, colours } = this;
    const { gap, width, height, gauge, name, box } = partsOf(x, y, size);
    context.fillStyle = colours.ground;
    context.fillRect(x - gap / 2, y - gap / 2, width + gap, height + gap);
    context.globalAlpha = this.cluster.nodeWanted(slot) ? 1 : 0.35;
    context.fillStyle = colours.panel;
    context.fillRect(x, y, width, height);
    if (box.height / this.commonGrid < podsFrom) {
      this.drawHeat(slot, node, x, y, width, height);
    } else {
      this.drawGauge(node, x, y, gauge, height);
      this.drawPods(slot, box, rects, faint);
    }
    this.drawState(node, x, y, width, height);
    if (name) this.drawName(node, box.x, y, box.width);
    context.globalAlpha = 1;
    if (slot === this.options.selectedNode) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, width + 2, height + 2);
    }
  }

  /**
   * drawHeat shows a node without its pods: how full it is, and a dot where one of its
   * pods is in trouble.
   * @param {number} slot
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  drawHeat(slot, node, x, y, width, height) {
    const { context, colours, cluster } = this;
    const alpha = context.globalAlpha;
    const share = fill(node, this.options.resource) ?? 0;
    context.fillStyle = share > 1 ? colours.over : colours.fill;
    context.globalAlpha = alpha * (0.1 + 0.8 * Math.min(1, share));
    context.fillRect(x, y, width, height);
    context.globalAlpha = alpha;
    if (share > 1) this.drawLid(x, y, width, height);
    let trouble = -1;
    let ringed = false;
    for (const pod of cluster.cells[slot].slots) {
      if (pod < 0) continue;
      if (troubled.has(cluster.phases[cluster.phase[pod]]) && (!cluster.filtered || cluster.matches[pod])) trouble = cluster.phase[pod];
      ringed ||= this.rings.has(pod);
    }
    if (trouble >= 0) {
      const size = Math.max(1.5, height * 0.42);
      context.fillStyle = colours.ground;
      context.fillRect(x + (width - size) / 2 - 1, y + (height - size) / 2 - 1, size + 2, size + 2);
      context.fillStyle = colours.phases[trouble];
      context.fillRect(x + (width - size) / 2, y + (height - size) / 2, size, size);
    }
    if (!ringed) return;
    context.strokeStyle = colours.ink;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  }

  /**
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  drawGauge(node, x, y, width, height) {
    const { context, colours } = this;
    const share = fill(node, this.options.resource) ?? 0;
    context.fillStyle = colours.line;
    context.fillRect(x, y, width, height);
    const level = Math.min(1, share) * height;
    context.fillStyle = share > 1 ? colours.over : colours.fill;
    context.fillRect(x, y + height - level, width, level);
    if (share > 1) this.drawLid(x, y, width, height);
  }

  /**
   * drawLid says by shape that a node has less than its pods ask for.
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  drawLid(x, y, width, height) {
    this.context.fillStyle = this.colours.ink;
    this.context.fillRect(x, y, width, Math.max(1, Math.min(4, height * 0.12)));
  }

  /**
   * @param {number} slot
   * @param {Box} box
   * @param {number[][]} rects
   * @param {number[][]} faint
   */
  drawPods(slot, box, rects, faint) {
    const { cluster } = this;
    const { slots } = cluster.cells[slot];
    const cells = cellsIn(box, slots.length, this.commonGrid, this.text);
    const mark = cells.height >= marksFrom ? Math.min(26, Math.floor(cells.height * (cells.named ? 0.6 : 0.8))) : 0;
    const small = Math.max(0.6, cells.height * 0.78);
    const filtered = cluster.filtered && !cluster.nodeMatches(cluster.nodes[slot]);
    for (let place = 0; place < slots.length; place++) {
      const pod = slots[place];
      if (pod < 0) continue;
      const x = box.x + (place % cells.columns) * cells.width;
      const y = box.y + Math.floor(place / cells.columns) * cells.height;
      const wanted = !filtered || cluster.matches[pod] === 1;
      if (mark) this.drawMark(pod, x, y, cells, mark, wanted);
      else (wanted ? rects : faint)[cluster.phase[pod]].push(x, y, small, small);
      if (mark || pod !== this.options.selectedPod) continue;
      this.context.strokeStyle = this.colours.ink;
      this.context.lineWidth = 1;
      this.context.strokeRect(x - 1, y - 1, small + 2, small + 2);
    }
  }

  /**
   * @param {number} pod
   * @param {number} x
   * @param {number} y
   * @param {Cells} cells
   * @param {number} size
   * @param {boolean} wanted
   */
  drawMark(pod, x, y, cells, size, wanted) {
    const { context, colours } = this;
    const left = cells.named ? x + 3 : x + (cells.width - size) / 2;
    const top = y + (cells.height - size) / 2;
    const alpha = context.globalAlpha;
    if (!wanted) context.globalAlpha = 0.22;
    context.drawImage(this.markOf(this.cluster.phase[pod], size), left, top, size, size);
    if (cells.named) {
      context.font = this.fontOf(12);
      context.textBaseline = 'middle';
      context.fillStyle = colours.ink;
      context.fillText(fitText(context, visible(this.cluster.name[pod]), cells.width - size - 16), left + size + 7, y + cells.height / 2 + 1);
    }
    context.globalAlpha = alpha;
    const selected = pod === this.options.selectedPod;
    if (!selected && !this.rings.has(pod)) return;
    context.strokeStyle = colours.ink;
    context.lineWidth = selected ? 2 : 1;
    context.strokeRect(left - 2, top - 2, size + 4, size + 4);
  }

  /**
   * markOf returns the shape of a phase, drawn once for each size.
   * @param {number} phase
   * @param {number} size
   */
  markOf(phase, size) {
    const key = `${phase} ${size}`;
    let mark = this.marks.get(key);
    if (mark) return mark;
    mark = document.createElement('canvas');
    mark.width = mark.height = Math.ceil(size * this.ratio);
    const context = /** @type {CanvasRenderingContext2D} */ (mark.getContext('2d'));
    drawMark(context, this.cluster.phases[phase], this.colours.phases[phase], size * this.ratio);
    if (this.marks.size > 200) this.marks.clear();
    this.marks.set(key, mark);
    return mark;
  }

  /**
   * drawState says by shape, not by colour alone, that a node takes no pods.
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   */
  drawState(node, x, y, width, height) {
    if (node.ready && !node.unschedulable) {
      if (height < boxFrom * 2) return;
      this.context.strokeStyle = this.colours.line;
      this.context.lineWidth = 1;
      this.context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      return;
    }
    const { context, colours } = this;
    context.strokeStyle = node.ready ? colours.cordon : colours.over;
    context.lineWidth = height < 20 ? 1 : 2;
    context.setLineDash(node.ready ? [3, 2] : []);
    context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
    context.setLineDash([]);
    if (node.ready) return;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + width, y + height);
    context.stroke();
  }

  /**
   * @param {Node} node
   * @param {number} x
   * @param {number} y
   * @param {number} width
   */
  drawName(node, x, y, width) {
    const { context, colours } = this;
    context.textBaseline = 'middle';
    context.font = this.fontOf(11);
    const share = percent(fill(node, this.options.resource));
    const side = !node.ready ? 'not ready' : node.unschedulable ? 'cordoned' : share;
    const sideWidth = context.measureText(side).width;
    context.fillStyle = node.ready ? colours.quiet : colours.over;
    const both = width > sideWidth + 50;
    if (both) context.fillText(side, x + width - sideWidth, y + 13);
    context.font = this.fontOf(12, 600);
    context.fillStyle = colours.ink;
    context.fillText(fitText(context, visible(node.name), both ? width - sideWidth - 8 : width), x, y + 13);
  }

  /**
   * hit says what is at a point of the canvas.
   * @param {number} px
   * @param {number} py
   * @returns {Hit}
   */
  hit(px, py) {
    const { view, tiles, cluster } = this;
    const node = tiles.at((px - view.x) / view.zoom, (py - view.y) / view.zoom);
    if (node < 0) return { node, pod: -1 };
    const at = /** @type {{x: number, y: number}} */ (tiles.position(node));
    const { box } = partsOf(view.x + at.x * view.zoom, view.y + at.y * view.zoom, tiles.tile * view.zoom);
    const { slots } = cluster.cells[node];
    const cells = cellsIn(box, slots.length, this.commonGrid, this.text);
    const column = Math.floor((px - box.x) / cells.width);
    const row = Math.floor((py - box.y) / cells.height);
    if (cells.height < marksFrom || column < 0 || column >= cells.columns || row < 0) return { node, pod: -1 };
    return { node, pod: slots[row * cells.columns + column] ?? -1 };
  }

  /**
   * zoomBy zooms at a point, which stays where it is.
   * @param {number} factor
   * @param {number} [x]
   * @param {number} [y]
   */
  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const smallest = Math.min(1, this.height / Math.max(1, this.tiles.height));
    const zoom = Math.max(smallest, Math.min(Math.max(1, this.largestTile() / this.tiles.tile), this.view.zoom * factor));
    const by = zoom / this.view.zoom;
    this.view = { zoom, x: x - (x - this.view.x) * by, y: y - (y - this.view.y) * by };
    this.clamp();
  }

  /** largestTile fills the place with one tile. */
  largestTile() {
    return Math.min(this.height - 2 * margin, (this.width - 2 * margin) / tileRatio);
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.view = { ...this.view, x: this.view.x + dx, y: this.view.y + dy };
    this.clamp();
  }

  /** clamp keeps the tiles in sight. */
  clamp() {
    const within = (/** @type {number} */ value, /** @type {number} */ content, /** @type {number} */ room) =>
      Math.max(Math.min(margin, room - content - margin), Math.min(margin, value));
    const { zoom } = this.view;
    this.view.x = within(this.view.x, this.tiles.width * zoom, this.width);
    this.view.y = within(this.view.y, this.tiles.height * zoom, this.height);
    this.redraw();
  }

  /** reveal pans so that a node is in sight. @param {number} slot */
  reveal(slot) {
    const at = this.tiles.position(slot);
    if (!at) return;
    const { zoom } = this.view;
    const x = this.view.x + at.x * zoom;
    const y = this.view.y + at.y * zoom;
    const size = this.tiles.tile * zoom;
    const dx = x < 0 ? margin - x : x + size * tileRatio > this.width ? this.width - margin - x - size * tileRatio : 0;
    const dy = y < 0 ? margin - y : y + size > this.height ? this.height - margin - y - size : 0;
    if (dx || dy) this.pan(dx, dy);
  }
}

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{columns: number, width: number, height: number, named: boolean}} Cells of one pod each
 */

/**
 * partsOf says where the parts of a tile are.
 * @param {number} x
 * @param {number} y
 * @param {number} size height with the gap to the next
 */
function partsOf(x, y, size) {
  const gap = size < 8 ? 1 : Math.min(8, Math.max(2, size * 0.08));
  const width = size * tileRatio - gap;
  const height = size - gap;
  const gauge = Math.max(1.5, Math.min(14, height * 0.13));
  const name = height >= nameFrom ? 26 : 0;
  const padding = Math.min(6, height * 0.05);
  const left = gauge + Math.max(1, height * 0.04) + padding;
  const box = { x: x + left, y: y + (name || padding), width: width - left - padding, height: height - (name || padding) - padding };
  return { gap, width, height, gauge, name, box };
}

/**
 * cellsIn divides the box of the pods. Where there is room, each has a line with its
 * name; else they are in a square.
 * @param {Box} box
 * @param {number} places
 * @param {number} commonGrid
 * @param {number} text how much larger it is than usual
 * @returns {Cells}
 */
function cellsIn(box, places, commonGrid, text) {
  const columns = Math.floor(box.width / (lineWidth * text));
  const height = box.height / Math.ceil(Math.max(1, places) / Math.max(1, columns));
  if (columns > 0 && height >= lineHeight * text) return { columns, width: box.width / columns, height: Math.min(height, 26 * text), named: true };
  const grid = Math.max(commonGrid, gridOf(places));
  const cell = Math.max(0.1, Math.min(box.width, box.height) / grid);
  return { columns: grid, width: cell, height: cell, named: false };
}

/**
 * fitText cuts a text to a width.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} width
 */
function fitText(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(text.slice(0, middle) + '…').width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 0 ? text.slice(0, low) + '…' : '';
}

/**
 * describe says in words what a tile shows.
 * @param {Cluster} cluster
 * @param {number} slot of a node
 * @param {'cpu'|'memory'|'pods'} resource
 */
export function describe(cluster, slot, resource) {
  const node = cluster.nodes[slot];
  if (!node) return '';
  const cells = cluster.cells[slot];
  const trouble = new Map();
  for (const pod of cells.slots) {
    const phase = cluster.phases[cluster.phase[pod]];
    if (pod >= 0 && troubled.has(phase)) trouble.set(phase, (trouble.get(phase) ?? 0) + 1);
  }
  const unit = resource === 'cpu' ? 'CPU' : resource;
  return [
    visible(node.name),
    node.ready ? '' : 'not ready',
    node.unschedulable ? 'cordoned' : '',
    `${percent(fill(node, resource))} of its ${unit} asked for`,
    `${cells.count} ${cells.count === 1 ? 'pod' : 'pods'}`,
    ...[...trouble].map(([phase, count]) => `${count} ${lookOf(phase).title.toLowerCase()}`),
  ].filter(Boolean).join(' · ');
}
