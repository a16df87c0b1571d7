/**
 * What if: what could be tried with this run. It offers only what there is.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 */
import { html } from '../lib.js';
import { Notice } from './pieces.js';
import { Ask } from './quiz.js';

/** @param {{timeline: Timeline, quiz: import('./quiz.js').Score}} props */
export function WhatIf({ timeline, quiz }) {
  const open = timeline.open.value;
  if (!open) return null;
  const questions = open.trace.quiz.filter((each) => /\bwould\b/.test(each.question));
  return html`<div class="page-view prose-view">
    <header class="view-head"><h1>What if</h1><p class="quiet">say what would have happened; the evidence of this run tells</p></header>
    ${questions.map((question) => html`<section class="panel question" data-testid="question" data-question=${question.id}><${Ask} timeline=${timeline} question=${question} quiz=${quiz} /></section>`)}
    <${Notice} title="No experiment can be run from here yet.">
      Experiments that break a real control plane (no etcd, no scheduler, a second writer) come with a later version; then this view lists them for this run.
      Until then it asks what the record itself can answer${questions.length ? '' : ', and of this run it can answer none'}.<//>
  </div>`;
}
