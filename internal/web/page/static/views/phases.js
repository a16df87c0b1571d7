// How the phase of a pod looks: a shape and a colour, the same on the canvas, in
// lists and in the legend. The colours are in css/cluster.css.

import { html } from '../lib.js';

/**
 * Look of a phase in a box of 10 by 10. What it means is for people who have never
 * heard of it.
 * @typedef {object} Look
 * @property {string} path
 * @property {boolean} filled or else drawn as a line
 * @property {string} title
 * @property {string} meaning
 */

/** @type {Record<string, Look>} */
const looks = {
  Pending: { path: 'M5 1.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 1 1 0 -7.6z', filled: false, title: 'Pending', meaning: 'waits to be given a node' },
  Unschedulable: { path: 'M5 0.8L9.4 9H0.6z', filled: true, title: 'Unschedulable', meaning: 'no node fits it now' },
  Gated: { path: 'M1.5 1h2.5v8h-2.5zM6 1h2.5v8h-2.5z', filled: true, title: 'Gated', meaning: 'is held back until its gates are removed' },
  Starting: { path: 'M1 1h8v8h-8zM1 5h8M1 7h8', filled: false, title: 'Starting', meaning: 'has a node, and its containers start' },
  Running: { path: 'M0.8 0.8h8.4v8.4h-8.4z', filled: true, title: 'Running', meaning: 'runs and is ready' },
  NotReady: { path: 'M0.8 0.8h8.4v8.4h-8.4zM3.2 3.2v3.6h3.6v-3.6z', filled: true, title: 'Not ready', meaning: 'runs, but is not ready' },
  Succeeded: { path: 'M1 5.4L4 8.4L9 2', filled: false, title: 'Succeeded', meaning: 'ran to its end' },
  Failed: { path: 'M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5', filled: false, title: 'Failed', meaning: 'ended with an error' },
  Terminating: { path: 'M1 1h3M6 1h3v3M9 6v3h-3M4 9h-3v-3M1 4v-3', filled: false, title: 'Terminating', meaning: 'is being deleted' },
};

const unknown = { path: 'M3 3a2 2 0 1 1 2.5 2v1.5M5.5 8v1', filled: false, title: '', meaning: 'a phase that this page does not know' };

/**
 * @param {string} phase
 * @returns {Look}
 */
export function lookOf(phase) {
  return looks[phase] ?? { ...unknown, title: phase };
}

/** The class that gives the colour of a phase. @param {string} phase */
export function phaseClass(phase) {
  return looks[phase] ? `phase-${phase.toLowerCase()}` : 'phase-unknown';
}

/**
 * PhaseMark is the shape of a phase; its name is to be beside it.
 * @param {{phase: string}} props
 */
export function PhaseMark({ phase }) {
  const look = lookOf(phase);
  return html`<svg class="phase-mark ${phaseClass(phase)} ${look.filled ? 'filled' : 'lined'}" viewBox="0 0 10 10" aria-hidden="true">
    <path d=${look.path} />
  </svg>`;
}

/**
 * drawMark draws the shape of a phase on a canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {string} phase
 * @param {string} colour
 * @param {number} size
 */
export function drawMark(context, phase, colour, size) {
  const look = lookOf(phase);
  context.save();
  context.scale(size / 10, size / 10);
  const path = new Path2D(look.path);
  if (look.filled) {
    context.fillStyle = colour;
    context.fill(path, 'evenodd');
  } else {
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1.6, 11 / size);
    context.stroke(path);
  }
  context.restore();
}
