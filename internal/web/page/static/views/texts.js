/**
 * The views that are words: key moments, snapshot and transcript.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 */
import { html } from '../lib.js';
import { momentOfStep } from '../model/run.js';
import { visible } from '../model/text.js';
import { Copy, Hidden, Notice, Prose, useInSight } from './pieces.js';

/** @param {{timeline: Timeline}} props */
export function KeyMoments({ timeline }) {
  const open = timeline.open.value;
  if (!open) return null;
  const { keyMoments } = open.trace;
  return html`<div class="page-view prose-view">
    <header class="view-head"><h1>Key moments</h1><p class="quiet">what the order of the steps proves</p></header>
    ${hides(timeline) ? html`<${Hidden} timeline=${timeline} what="What the run proves" />` : null}
    ${keyMoments.length ? keyMoments.map((each) => html`<section class="panel key-moment"><h2>${visible(each.title)}</h2>
      ${hides(timeline) ? html`<p class="quiet">Think about it first.</p>` : html`<p><${Prose} timeline=${timeline} text=${each.explanation} /></p>`}</section>`)
      : html`<${Notice} title="None.">Too little is recorded of this run.<//>`}
  </div>`;
}

/** @param {{timeline: Timeline}} props */
export function Snapshot({ timeline }) {
  const open = timeline.open.value;
  if (!open) return null;
  const lines = open.trace.snapshot;
  return html`<div class="page-view prose-view">
    <header class="view-head"><h1>Snapshot</h1><p class="quiet">the run in five lines</p><${Copy} text=${() => lines.join('\n')} label="Copy the five lines" /></header>
    <ol class="snapshot panel">${lines.map((line, index) => {
      const [head, rest] = visible(line).split(/: (.*)/s);
      if (index > 0 && hides(timeline)) return html`<li class="quiet">hidden</li>`;
      return html`<li>${rest ? html`<b>${head}</b><${Prose} timeline=${timeline} text=${rest} />` : html`<${Prose} timeline=${timeline} text=${line} />`}</li>`;
    })}</ol>
    ${hides(timeline) ? html`<${Hidden} timeline=${timeline} />` : null}
  </div>`;
}

/** @param {{timeline: Timeline}} props */
export function Transcript({ timeline }) {
  const open = timeline.open.value;
  if (!open) return null;
  const paragraphs = open.trace.transcript.split(/\n\n+/).map((text) => {
    const step = Number(/^Step (\d)\b/.exec(text)?.[1] ?? 0);
    return { text, step, index: step ? momentOfStep(open, step) : -1 };
  });
  const cursor = timeline.cursor.value;
  const hidden = hides(timeline);
  let past = false;
  return html`<div class="page-view prose-view">
    <header class="view-head"><h1>Transcript</h1><${Copy} text=${() => open.trace.transcript} label="Copy the text" /></header>
    <article class="transcript">${paragraphs.map((each) => {
      past ||= hidden && each.step > 0;
      const shown = each.step ? each.index <= timeline.frontier.value : !past || !hidden;
      if (!shown) return null;
      return html`<${Paragraph} timeline=${timeline} text=${each.text} here=${each.step > 0 && each.index === cursor.moment} ahead=${each.step > 0 && each.index > cursor.moment} />`;
    })}</article>
    ${hidden ? html`<${Hidden} timeline=${timeline} />` : null}
  </div>`;
}

/** @param {{timeline: Timeline, text: string, here: boolean, ahead: boolean}} props */
function Paragraph({ timeline, text, here, ahead }) {
  const ref = useInSight(timeline, here);
  return html`<p ref=${ref} class=${here ? 'here' : ahead ? 'ahead' : ''} aria-current=${here ? 'step' : undefined}><${Prose} timeline=${timeline} text=${text} /></p>`;
}

/**
 * Whether a view of the whole run would tell what is still to be predicted.
 * @param {Timeline} timeline
 */
function hides(timeline) {
  return timeline.horizon.value !== Infinity;
}
