/**
 * Flow: the components as a fixed map, and the same messages over true time.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 */
import { html } from '../lib.js';
import { visible } from '../model/text.js';
import { Lanes } from './lanes.js';
import { FlowMap } from './map.js';
import { Notice } from './pieces.js';

/** @param {{timeline: Timeline, select: (id: string) => void}} props */
export function Flow({ timeline, select }) {
  const open = timeline.open.value;
  if (!open) return null;
  if (!open.moments.length && !open.messages.length) return html`<${Nothing} open=${open} />`;
  return html`<div class="flow">
    <${FlowMap} timeline=${timeline} select=${select} />
    <${Lanes} timeline=${timeline} select=${select} />
  </div>`;
}

/** @param {{open: import('../model/run.js').OpenRun}} props */
function Nothing({ open }) {
  const gone = open.trace.sources.filter((each) => !each.available);
  return html`<${Notice} title="Nothing is recorded of this request.">No source has an entry of it, so there is nothing to draw.
    ${gone.map((each) => html`<br />Source <b>${visible(each.name)}</b> is not available: <bdi>${visible(each.reason)}</bdi>.`)}
    ${open.trace.dropped ? html`<br />The journal dropped ${open.trace.dropped} entries of all requests: those of this one may be among them.` : null}<//>`;
}
