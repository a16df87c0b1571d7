/**
 * What if: experiments on a real control plane, predicted here, and the result of one;
 * and what the record of this run can answer by itself.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/whatif.js').Experiment} Experiment
 * @typedef {import('../model/whatif.js').Result} Result
 */
import { html, signal, useEffect, useState } from '../lib.js';
import { visible } from '../model/text.js';
import { command, places } from '../model/whatif.js';
import { address, get } from '../timeline/api.js';
import { Component, Copy, Notice } from './pieces.js';
import { Ask } from './quiz.js';
import { OpenResult } from './whatifresult.js';

/** What was predicted, by experiment and question: it lives as long as the page. */
const predicted = signal(/** @type {Map<string, Map<string, string>>} */ (new Map()));

/** @param {string} experiment @param {string} question @param {string} choice */
function predict(experiment, question, choice) {
  const answers = new Map(predicted.value.get(experiment)).set(question, choice);
  predicted.value = new Map(predicted.value).set(experiment, answers);
}

/** @param {{timeline: Timeline, quiz: import('./quiz.js').Score, saved: boolean}} props */
export function WhatIf({ timeline, quiz, saved }) {
  return html`<div class="page-view">
    <header class="view-head"><h1>What if</h1><p class="quiet">say what would happen, then break a real control plane and see</p></header>
    ${saved ? null : html`<${Experiments} />`}
    <${OfThisRun} timeline=${timeline} quiz=${quiz} />
  </div>`;
}

/** What the record of the run can answer without anything being broken. @param {{timeline: Timeline, quiz: import('./quiz.js').Score}} props */
function OfThisRun({ timeline, quiz }) {
  const questions = timeline.open.value?.trace.quiz.filter((each) => /\bwould\b/.test(each.question)) ?? [];
  if (!questions.length) return null;
  return html`<section class="of-this-run"><h2>Of this run</h2><p class="quiet">Its record answers these by itself.</p>
    ${questions.map((question) => html`<section class="panel question" data-testid="question" data-question=${question.id}><${Ask} timeline=${timeline} question=${question} quiz=${quiz} /></section>`)}</section>`;
}

function Experiments() {
  const [experiments, setExperiments] = useState(/** @type {Experiment[]|undefined} */ (undefined));
  const [problem, setProblem] = useState('');
  const [name, setName] = useState('');
  useEffect(() => {
    const asking = new AbortController();
    get(address(['experiments']), asking.signal).then(({ items }) => setExperiments(items), (error) => {
      if (!asking.signal.aborted) setProblem(error.message);
    });
    return () => asking.abort();
  }, []);
  if (problem) return html`<${Notice} title="The experiments cannot be listed:" tone="bad"><bdi>${visible(problem)}</bdi><//>`;
  if (!experiments) return html`<p class="quiet" aria-busy="true">Asking which experiments there are …</p>`;
  if (!experiments.length) return html`<${Notice} title="There are no experiments." />`;
  const chosen = experiments.find((each) => each.name === name) ?? experiments[0];
  return html`<div class="whatif">
    <nav class="whatif-list" aria-label="Experiments"><ul>${experiments.map((each) => html`<li key=${each.name}>
      <button type="button" class="row-button" aria-current=${each === chosen ? 'true' : undefined} onClick=${() => setName(each.name)}>
        <b><bdi>${visible(each.title)}</bdi></b> <span class="quiet mono">${visible(each.name)}</span></button></li>`)}</ul></nav>
    <${Described} key=${chosen.name} experiment=${chosen} />
  </div>`;
}

/** @param {{experiment: Experiment}} props */
function Described({ experiment }) {
  const answers = predicted.value.get(experiment.name) ?? new Map();
  return html`<article class="panel whatif-one" data-testid="experiment" data-experiment=${experiment.name}>
    <h2><bdi>${visible(experiment.title)}</bdi></h2>
    <p class="lead">${visible(experiment.before)}</p>
    <h3>What is done</h3>
    <ol class="whatif-steps">${experiment.steps.map((step) => html`<li key=${step.name}>${visible(step.does)}</li>`)}</ol>
    ${experiment.needs?.length ? html`<p class="quiet">It needs ${experiment.needs.map(visible).join(', ')}.</p>` : null}
    <h3>What do you expect?</h3>
    ${experiment.questions.map((question) => html`<${Prediction} key=${question.id} question=${question} given=${answers.get(question.id)}
      give=${(/** @type {string} */ choice) => predict(experiment.name, question.id, choice)} />`)}
    <${FindOut} experiment=${experiment} answers=${answers} />
  </article>`;
}

/**
 * A question, to be answered by its choices or, where they mean parts of the flow, in
 * the flow. Which is right, nobody knows before it is tried.
 * @param {{question: import('../model/whatif.js').ListedQuestion, given?: string, give: (choice: string) => void}} props
 */
function Prediction({ question, given, give }) {
  const inFlow = places(question);
  return html`<section class="whatif-question" data-testid="prediction" data-question=${question.id}>
    <p class="asked-question">${visible(question.asks)}</p>
    ${inFlow.length > 1 ? html`<div class="whatif-flow" role="group" aria-label="In the flow">${inFlow.map(({ component, choice }) => html`<button
      type="button" key=${component} class="choice-button" aria-pressed=${String(given === choice.id)} onClick=${() => give(choice.id)}><${Component} component=${component} /></button>`)}</div>` : null}
    <div class="choices" role="group" aria-label=${visible(question.asks)}>${question.choices.map((choice) => html`<button type="button" key=${choice.id}
      class="choice-button" aria-pressed=${String(given === choice.id)} onClick=${() => give(choice.id)}><span class="mono">${choice.id}</span> <bdi>${visible(choice.says)}</bdi></button>`)}</div>
  </section>`;
}

/** @param {{experiment: Experiment, answers: Map<string, string>}} props */
function FindOut({ experiment, answers }) {
  const text = command(experiment, answers);
  const open = experiment.questions.filter((each) => !answers.has(each.id)).length;
  return html`<section class="whatif-run"><h3>Find out</h3>
    <p>${open ? `${open === 1 ? 'One question is' : `${open} questions are`} still open: the command asks them.` : 'Your answers go with the command.'}${' '}
      It runs on a control plane of its own, breaks that, heals it and ends it; this page and its cluster stay as they are.</p>
    <div class="command"><div class="section-head"><h4>In a terminal</h4><${Copy} text=${() => text} /></div><pre class="code" tabindex="0" data-testid="whatif-command"><code>${text}</code></pre></div>
    <p class="quiet">With <code>-o json > result.json</code> at its end, the result can be opened here.</p>
    <${OpenResult} />
  </section>`;
}
