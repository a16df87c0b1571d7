/**
 * The result of an experiment, as what-if run has written it to a file.
 * @typedef {import('../model/whatif.js').Result} Result
 */
import { html, useState } from '../lib.js';
import { visible } from '../model/text.js';
import { held, readResult, verdict } from '../model/whatif.js';
import { Notice, Raw } from './pieces.js';

/** The longest file that is read: a result is far smaller. */
const maxBytes = 32 << 20;

export function OpenResult() {
  const [result, setResult] = useState(/** @type {Result|undefined} */ (undefined));
  const [problem, setProblem] = useState('');
  const open = async (/** @type {Event} */ event) => {
    const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
    if (!file) return;
    setProblem('');
    setResult(undefined);
    try {
      if (file.size > maxBytes) throw new Error(`The file has ${file.size} bytes, and at most ${maxBytes} are read.`);
      setResult(readResult(await file.text()));
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
  };
  return html`<div class="whatif-open"><label>Open a result <input type="file" accept=".json,application/json" onChange=${open} /></label>
    <div aria-live="polite">${problem && html`<${Notice} title="Not opened:" tone="bad"><bdi>${visible(problem)}</bdi><//>`}
    ${result && html`<${Shown} result=${result} />`}</div></div>`;
}

/** @param {{result: Result}} props */
function Shown({ result }) {
  const { holding, of } = held(result);
  return html`<div class="whatif-result" data-testid="whatif-result">
    <h3><bdi>${visible(result.experiment.title)}</bdi>: <span class=${result.outcome === 'AsExpected' ? 'good' : 'bad'}>${visible(result.outcome)}</span></h3>
    ${result.problem && html`<p class="bad">${visible(result.problem)}</p>`}
    <h4>What was done</h4>
    <ol class="whatif-steps">${result.steps.map((step) => html`<li key=${step.name}>${visible(step.does)}
      ${step.found && html`<p class="quiet">${visible(step.found)}</p>`}${step.problem && html`<p class="bad">${visible(step.problem)}</p>`}</li>`)}</ol>
    ${result.timeline?.length ? html`<h4>When</h4><ul class="whatif-times">${result.timeline.map((each) => html`<li key=${each.name}><span class="mono">${each.after ?? 'never'}</span>${' '}
      ${visible(each.says)} ${each.revision ? html`<span class="quiet">revision ${each.revision}${each.by ? `, by ${visible(each.by)}` : ''}</span>` : null}</li>`)}</ul>` : null}
    <h4>Status tracker</h4>
    <${Tracker} tracker=${result.tracker} />
    <h4>What you expected, and what came</h4>
    ${result.questions.map((each) => html`<${Compared} key=${each.id} question=${each} />`)}
    <h4>Checks against etcd and the audit log <span class="quiet">${holding} of ${of} hold</span></h4>
    <ul class="whatif-checks">${[...result.checks, ...result.invariants].map((each) => html`<li key=${each.says} class=${each.holds ? 'good' : 'bad'}>${each.holds ? '✓' : '✗'} ${visible(each.says)}
      <p class="quiet">${each.unavailable ? `not available: ${visible(each.unavailable)}` : visible(each.found)} ${(each.evidence ?? []).map((proof) => html`<${Raw}>${proof}<//> `)}</p></li>`)}</ul>
    ${(result.missing ?? []).map((each) => html`<p class="quiet">not available: ${visible(each)}</p>`)}
    <h4>Why</h4><p class="lead">${visible(result.explanation)}</p>
  </div>`;
}

/** @param {{tracker: import('../model/whatif.js').Tracked[]}} props */
function Tracker({ tracker }) {
  const subjects = tracker[0]?.etcd.map((each) => each.subject) ?? [];
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Status tracker"><table class="whatif-tracker">
    <thead><tr><th scope="col">after</th><th scope="col">the client knows</th>${subjects.map((each) => html`<th scope="col" key=${each}>etcd: <bdi>${visible(each)}</bdi></th>`)}</tr></thead>
    <tbody>${tracker.map((moment) => html`<tr key=${moment.step}><th scope="row">${visible(moment.step)}${moment.etcdAnswered ? null : html` <span class="quiet">(etcd did not answer: the last that it told)</span>`}</th>
      <td>${visible(moment.client)}</td>${moment.etcd.map((each) => html`<td key=${each.subject}>${visible(each.state)}${each.revision ? html` <span class="quiet mono">rev ${each.revision}</span>` : null}</td>`)}</tr>`)}</tbody></table></div>`;
}

const verdicts = { right: '✓ Right', wrong: '✗ Not what came', none: 'Nobody predicted', unexpected: 'No answer is borne out by the evidence' };

/** @param {{question: import('../model/whatif.js').Answered}} props */
function Compared({ question }) {
  const became = verdict(question);
  return html`<section class="whatif-question" data-verdict=${became}>
    <p class="asked-question">${visible(question.asks)}</p>
    <ul class="whatif-choices">${question.choices.map((choice) => html`<li key=${choice.id} class=${question.right.includes(choice.id) ? 'good' : ''}>
      <span class="mono">${choice.id}</span> ${visible(choice.says)} ${question.right.includes(choice.id) ? html`<b>✓ the evidence says so</b>` : null}${' '}
      ${question.predicted === choice.id ? html`<b>your prediction</b>` : null}</li>`)}</ul>
    <p class=${became === 'right' ? 'verdict right' : became === 'none' ? 'verdict' : 'verdict wrong'}><b>${verdicts[became]}.</b> ${visible(question.why)}</p>
  </section>`;
}
