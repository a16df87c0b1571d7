/**
 * Predict: before what comes next is shown, the reader says who acts.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 */
import { html, useEffect, useRef } from '../lib.js';
import { visible } from '../model/text.js';
import { answer, choices, finished, nobody } from '../timeline/predict.js';
import { Component } from './pieces.js';

/** @param {{timeline: Timeline}} props */
export function Predict({ timeline }) {
  const open = timeline.open.value;
  const prediction = timeline.prediction.value;
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  const asked = timeline.asked.value;
  useEffect(() => {
    if (asked) ref.current?.querySelector('button')?.focus();
  }, [asked]);
  if (!open || !prediction) return null;
  const right = prediction.guesses.filter((each) => each.right).length;
  const last = prediction.guesses.at(-1);
  return html`<div class=${`side-part card predict ${asked ? 'asked' : ''}`} ref=${ref}>
    <p class="eyebrow">Predict <span class="aside" data-testid="predict-score">${right} of ${prediction.guesses.length} right</span></p>
    ${last ? html`<p class=${last.right ? 'verdict right' : 'verdict wrong'} role="status">${last.right ? '✓ Right' : '✗ Not this time'}: ${told(open, last)}</p>` : null}
    ${finished(open, prediction)
      ? html`<p>That was the whole run. <button type="button" class="link" onClick=${() => timeline.predict(false)}>Show everything</button></p>`
      : html`<h2>Who acts next?</h2>
        <div class="choices" role="group" aria-label="Who acts next?">${choices(open).map((id) => html`<button type="button" class="choice-button" onClick=${() => timeline.guess(id)}>
          ${id === nobody ? 'Nobody: it is over' : html`<${Component} kind=${open.actor.get(id)?.kind} name=${open.actor.get(id)?.name} />`}</button>`)}</div>`}
  </div>`;
}

/**
 * @param {import('../model/run.js').OpenRun} open
 * @param {{moment: number, actor: string}} guess
 */
function told(open, guess) {
  const actor = answer(open, { frontier: guess.moment - 1, guesses: [] });
  if (actor === nobody) return 'nobody acts any more.';
  return `${visible(open.actor.get(actor)?.name ?? actor)}. ${visible(open.moments[guess.moment]?.title)}.`;
}
