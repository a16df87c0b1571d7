/**
 * Quiz: predict, answer, see the evidence. Answers stay hidden until one is given.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/types.js').Question} Question
 * @typedef {import('../timeline/score.js').Score} Score
 */
import { html, useState } from '../lib.js';
import { score, stepOfQuestion } from '../model/quiz.js';
import { visible } from '../model/text.js';
import { Notice, Prose } from './pieces.js';

/** @param {{timeline: Timeline, quiz: Score}} props */
export function Quiz({ timeline, quiz }) {
  const questions = timeline.open.value?.trace.quiz ?? [];
  const result = score(quiz.answers.value);
  if (!questions.length) return html`<${Notice} title="There is nothing to ask.">Too little is recorded of this run.<//>`;
  return html`<div class="page-view">
    <header class="view-head"><h1>Quiz</h1>
      <p class="score-line"><b data-testid="quiz-score">${result.right} of ${result.of}</b> right, ${questions.length - result.of} to go
        ${result.of ? html` <button type="button" class="link" onClick=${() => quiz.clear()}>Start again</button>` : null}</p></header>
    <p class="lead">Every question is about this run, and its answer is made from the same evidence. Say what you expect; the evidence comes after.</p>
    <ol class="questions">${questions.map((question) => html`<li key=${question.id} class="panel question" data-testid="question" data-question=${question.id}>
      <${Ask} timeline=${timeline} question=${question} quiz=${quiz} /></li>`)}</ol>
  </div>`;
}

/** @param {{timeline: Timeline, question: Question, quiz: Score}} props */
export function Ask({ timeline, question, quiz }) {
  const given = quiz.answers.value.get(question.id);
  return html`<div class="ask">
    <p class="asked-question">${visible(question.question)}</p>
    ${question.choices?.length ? html`<${Choices} question=${question} given=${given} quiz=${quiz} />` : html`<${Free} question=${question} given=${given} quiz=${quiz} />`}
    ${given ? html`<${Verdict} timeline=${timeline} question=${question} given=${given} quiz=${quiz} />` : null}
  </div>`;
}

/** @param {{question: Question, given?: {given: string, right: boolean}, quiz: Score}} props */
function Choices({ question, given, quiz }) {
  return html`<div class="choices" role="group" aria-label=${visible(question.question)}>${(question.choices ?? []).map((choice) => {
    const state = !given ? '' : choice === question.answer ? 'right' : choice === given.given ? 'wrong' : 'other';
    const sign = state === 'right' ? '✓ ' : state === 'wrong' ? '✗ ' : '';
    return html`<button type="button" class=${`choice-button ${state}`} aria-pressed=${given?.given === choice} disabled=${Boolean(given)} onClick=${() => quiz.give(question, choice)}>${sign}<bdi>${visible(choice)}</bdi></button>`;
  })}</div>`;
}

/** @param {{question: Question, given?: {given: string, right: boolean}, quiz: Score}} props */
function Free({ question, given, quiz }) {
  const [text, setText] = useState('');
  if (given) return html`<p>You said: <bdi>${visible(given.given) || 'nothing'}</bdi></p>`;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    quiz.give(question, text);
  };
  return html`<form class="free" onSubmit=${submit}>
    <input type="text" aria-label=${visible(question.question)} value=${text} placeholder="your answer" autocomplete="off"
      onInput=${(/** @type {Event} */ event) => setText(/** @type {HTMLInputElement} */ (event.target).value)} />
    <button type="submit">Answer</button></form>`;
}

/** @param {{timeline: Timeline, question: Question, given: {given: string, right: boolean}, quiz: Score}} props */
function Verdict({ timeline, question, given, quiz }) {
  const step = stepOfQuestion(question.id);
  const open = timeline.open.value;
  return html`<div class=${given.right ? 'verdict right' : 'verdict wrong'} role="status">
    <p><b>${given.right ? '✓ Right' : '✗ Not what is recorded'}</b>${given.right && question.choices?.length ? '' : html`: <bdi>${visible(question.answer)}</bdi>`}</p>
    <p><${Prose} timeline=${timeline} text=${question.why} /></p>
    <p>${open?.step.has(step) ? html`<button type="button" class="link" onClick=${() => timeline.seekPlace({ step })}>See it at step ${step} ›</button>` : null}
    ${!question.choices?.length && !given.right ? html` <button type="button" class="link" onClick=${() => quiz.give(question, given.given, true)}>I meant the same</button>` : null}</p>
  </div>`;
}
