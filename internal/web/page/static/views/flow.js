/**
 * Flow: the components as a fixed map, and the same messages over true time.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 */
import { html } from '../lib.js';
import { Lanes } from './lanes.js';
import { FlowMap } from './map.js';
import { Notice } from './pieces.js';

/** @param {{timeline: Timeline, select: (id: string) => void}} props */
export function Flow({ timeline, select }) {
  const open = timeline.open.value;
  if (!open) return null;
  if (!open.actors.length) {
    return html`<${Notice} title="Nothing is recorded of this request." >No source has an entry of it, so there is nothing to draw.<//>`;
  }
  return html`<div class="flow">
    <${FlowMap} timeline=${timeline} select=${select} />
    <${Lanes} timeline=${timeline} select=${select} />
  </div>`;
}
