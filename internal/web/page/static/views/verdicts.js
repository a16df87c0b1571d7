/**
 * What the scheduler's plugins said of each node in one attempt.
 */
import { html } from '../lib.js';

/** @param {{attempt: import('../model/types.js').Attempt}} props */
export function Verdicts({ attempt }) {
  return html`<p>Attempt ${attempt.attempt}: ${attempt.nodesFeasible} of ${attempt.nodesEvaluated} nodes fit.</p>`;
}
