/**
 * Table: the eight steps, in the order in which they were completed.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useEffect, useState } from '../lib.js';
import { momentOfStep, proofOf } from '../model/run.js';
import { plural, visible } from '../model/text.js';
import { At, Component, Hidden, LongProse, Notice, Raw, useInSight } from './pieces.js';
import { Rows } from './side.js';
import { Verdicts } from './verdicts.js';

/** @param {{timeline: Timeline, route: import('../timeline/address.js').Route, go: (view: string, params?: Record<string, string>) => void}} props */
export function Table({ timeline, route, go }) {
  const open = timeline.open.value;
  if (!open) return null;
  const frontier = timeline.frontier.value;
  const seen = open.trace.steps.filter((each) => momentOfStep(open, each.step) <= frontier);
  const missing = [1, 2, 3, 4, 5, 6, 7, 8].filter((number) => !open.step.has(number));
  if (!open.trace.steps.length) return html`<${Notice} title="No step is recorded.">${visible(open.trace.headline)}<//>`;
  return html`<div class="page-view">
    <header class="view-head"><h1>Steps</h1><p class="quiet">in the order in which they were completed; the numbers are those of the story</p></header>
    <div class="table-scroll" tabindex="0" role="region" aria-label="Steps">
      <table class="steps">
        <thead><tr><th scope="col">Step</th><th scope="col">Component</th><th scope="col">What it does</th><th scope="col">What came of it</th><th scope="col" class="num">Done at</th><th scope="col" class="num">Evidence</th></tr></thead>
        <tbody>${seen.map((step) => html`<${StepRow} key=${step.step} timeline=${timeline} open=${open} step=${step} go=${go} initially=${route?.params.get('open') === String(step.step)} />`)}</tbody>
      </table>
    </div>
    ${seen.length < open.trace.steps.length ? html`<${Hidden} timeline=${timeline} />` : null}
    ${missing.length && seen.length === open.trace.steps.length ? html`<p class="quiet">${missing.length === 1 ? 'Step' : 'Steps'} ${missing.join(', ')} did not happen, or no source has it.</p>` : null}
  </div>`;
}

/**
 * @param {{timeline: Timeline, open: OpenRun, step: import('../model/types.js').Step, initially: boolean, go: (view: string, params?: Record<string, string>) => void}} props
 */
function StepRow({ timeline, open, step, initially, go }) {
  const [shown, setShown] = useState(initially);
  useEffect(() => { if (initially) setShown(true); }, [initially]);
  const index = momentOfStep(open, step.step);
  const moment = open.moments[index];
  const cursor = timeline.cursor.value;
  const here = cursor.moment === index;
  const state = here ? 'here' : index > cursor.moment ? 'ahead' : 'done';
  const ids = proofOf(open, moment);
  const ref = useInSight(timeline, here);
  return html`<tr ref=${ref} class=${`step-row ${state}`} aria-current=${here ? 'step' : undefined}>
      <td><button type="button" class="step-number" aria-label=${`Go to step ${step.step}`} onClick=${() => timeline.seekMoment(index)}>${step.step}</button></td>
      <td><${Component} component=${step.component} /></td>
      <td><b>${visible(step.action)}</b>${step.input ? html`<br /><span class="quiet">on <bdi>${visible(step.input)}</bdi></span>` : null}</td>
      <td class="effect"><${LongProse} timeline=${timeline} text=${step.effect} most=${220} /></td>
      <td class="num nowrap"><${At} open=${open} time=${step.time} /></td>
      <td class="num nowrap"><button type="button" class="link" aria-expanded=${shown} onClick=${() => setShown(!shown)}>${plural(ids.length || (step.evidence?.length ?? 0), 'piece')} ${shown ? '⌄' : '›'}</button></td>
    </tr>
    ${shown ? html`<tr class="step-more"><td></td><td colspan="5">
      ${step.step === 4 ? (open.trace.attempts ?? []).map((attempt) => html`<${Verdicts} attempt=${attempt} />`) : null}
      ${ids.length ? html`<${Rows} open=${open} ids=${ids} go=${go} />` : (step.evidence ?? []).map((each) => html`<p><b>${visible(each.source)}</b> <${Raw}>${each.summary}<//></p>`)}
    </td></tr>` : null}`;
}
