// What the scheduler's plugins said of each node in one attempt.

import { html, useState } from '../lib.js';
import { verdictsOf } from '../model/verdicts.js';
import { number, plural } from '../model/text.js';
import { Raw } from './pieces.js';

/**
 * @typedef {import('../model/verdicts.js').Attempt} Attempt
 * @typedef {import('../model/verdicts.js').NodeVerdict} NodeVerdict
 */

const mostBars = 6;
const mostRows = 50;

/**
 * Verdicts shows the nodes of an attempt: those that fit with their scores, the
 * others by the reason for which they do not.
 * @param {{attempt: Attempt}} props
 */
export function Verdicts({ attempt }) {
  const found = verdictsOf(attempt);
  return html`<div class="verdicts">
    <p>${inShort(attempt)}</p>
    ${attempt.message && html`<p class="quiet"><${Raw}>${attempt.message}<//></p>`}
    ${found.scored.length > 0 && html`<${Scores} scored=${found.scored} plugins=${found.plugins} chosen=${attempt.node} />`}
    ${found.fit.length > 0 && found.scored.length === 0 && html`<p class="quiet">No scores: <${Raw}>${found.fit[0].name}<//> was the only node that fitted.</p>`}
    ${found.rejected.map((group) => html`<${Rejected} key=${group.key} group=${group} />`)}
    ${(attempt.nodesOmitted ?? 0) > 0 && html`<p class="quiet">${plural(attempt.nodesOmitted ?? 0, 'more node')} evaluated; their verdicts are not kept.</p>`}
  </div>`;
}

/** @param {Attempt} attempt */
function inShort(attempt) {
  const looked = attempt.nodesEvaluated < attempt.nodesTotal
    ? `It looked at ${number(attempt.nodesEvaluated)} of ${plural(attempt.nodesTotal, 'node')}`
    : `It looked at ${plural(attempt.nodesTotal, 'node')}`;
  const fit = attempt.nodesFeasible === 0 ? 'none fits' : `${number(attempt.nodesFeasible)} ${attempt.nodesFeasible === 1 ? 'fits' : 'fit'}`;
  return html`${looked}; ${fit}${attempt.node ? html`, and it chose <${Raw}>${attempt.node}<//>` : ''}.`;
}

/**
 * @param {{scored: NodeVerdict[], plugins: {name: string, most: number}[], chosen?: string}} props
 */
function Scores({ scored, plugins, chosen }) {
  const [table, setTable] = useState(false);
  const best = Math.max(1, ...scored.map((node) => node.total));
  const [winner, second] = scored;
  return html`<section class="scores" aria-label="Scores">
    <div class="section-head"><h3>Scores</h3>
      <button type="button" class="link" aria-expanded=${table} onClick=${() => setTable(!table)}>${table ? 'as bars' : 'as a table'}</button></div>
    ${second && html`<p class="quiet">${winner.total === second.total
      ? html`<${Raw}>${winner.name}<//> and <${Raw}>${second.name}<//> have the same ${winner.total} points.`
      : html`<${Raw}>${winner.name}<//> leads <${Raw}>${second.name}<//> by ${plural(winner.total - second.total, 'point')}.`}</p>`}
    ${table ? html`<${ScoreTable} scored=${scored} plugins=${plugins} chosen=${chosen} />` : html`
      <div class="score-bars">${scored.slice(0, mostBars).map((node) => html`<${Bar} key=${node.name} node=${node} plugins=${plugins} best=${best} chosen=${node.name === chosen} />`)}</div>
      ${scored.length > mostBars && html`<p class="quiet">${plural(scored.length - mostBars, 'more node')} in the table.</p>`}
      <ul class="plugin-key">${plugins.map((plugin, i) => html`<li key=${plugin.name}><span class="swatch score-${i % 6}" aria-hidden="true" /> <${Raw}>${plugin.name}<//></li>`)}</ul>`}
  </section>`;
}

/**
 * @param {{node: NodeVerdict, plugins: {name: string}[], best: number, chosen: boolean}} props
 */
function Bar({ node, plugins, best, chosen }) {
  const parts = plugins.map((plugin) => node.scores?.find((score) => score.plugin === plugin.name)?.weighted ?? 0);
  const words = plugins.map((plugin, i) => `${plugin.name} ${parts[i]}`).join(', ');
  return html`<div class=${`score-row ${chosen ? 'chosen' : ''}`}>
    <span class="score-name"><${Raw}>${node.name}<//></span>
    <span class="score-bar" role="img" aria-label=${words} title=${words}>${parts.map((part, i) =>
      part > 0 && html`<span class=${`score-${i % 6}`} style=${{ width: `${(100 * part) / best}%` }} />`)}</span>
    <span class="score-total">${node.total}${chosen && html`<span title="chosen"> ★<span class="sr"> chosen</span></span>`}</span>
  </div>`;
}

/**
 * @param {{scored: NodeVerdict[], plugins: {name: string}[], chosen?: string}} props
 */
function ScoreTable({ scored, plugins, chosen }) {
  return html`<div class="verdict-table" tabindex="0" role="region" aria-label="Scores by node and plugin"><table class="verdict-matrix">
    <thead><tr><th scope="col">node</th>${plugins.map((plugin) => html`<th scope="col" key=${plugin.name}><${Raw}>${plugin.name}<//></th>`)}<th scope="col">points</th></tr></thead>
    <tbody>${scored.slice(0, mostRows).map((node) => html`<tr key=${node.name} class=${node.name === chosen ? 'chosen' : ''}>
      <th scope="row"><${Raw}>${node.name}<//>${node.name === chosen ? ' ★' : ''}</th>
      ${plugins.map((plugin) => {
        const score = node.scores?.find((each) => each.plugin === plugin.name);
        return html`<td key=${plugin.name} title=${score && `Score returned ${score.raw}, normalized ${score.normalized}, times weight ${score.weight}`}>
          ${score ? html`${score.weighted}<span class="quiet"> ${score.normalized}×${score.weight}</span>` : '–'}</td>`;
      })}
      <td>${node.total}</td></tr>`)}</tbody>
  </table></div>
  ${scored.length > mostRows && html`<p class="quiet">${plural(scored.length - mostRows, 'more node')} with fewer points.</p>`}`;
}

/**
 * @param {{group: ReturnType<typeof verdictsOf>['rejected'][number]}} props
 */
function Rejected({ group }) {
  return html`<details class="rejected">
    <summary><span aria-hidden="true" class="cross">✕</span> <strong>${plural(group.nodes.length, 'node')}</strong>${' '}
      <${Raw}>${group.reasons.join('; ') || group.code}<//> <span class="quiet"><${Raw}>${group.plugin}<//></span></summary>
    <div class="verdict-table" tabindex="0" role="region" aria-label=${`Filters of the nodes that ${group.plugin} rejected`}><table class="verdict-matrix">
      <thead><tr><th scope="col">node</th>${group.filters.map((name) => html`<th scope="col" key=${name}><${Raw}>${name}<//></th>`)}</tr></thead>
      <tbody>${group.nodes.slice(0, mostRows).map((node) => html`<tr key=${node.name}>
        <th scope="row"><${Raw}>${node.name}<//></th>
        ${group.filters.map((name) => html`<td key=${name}><${Code} code=${node.filters?.find((each) => each.plugin === name)?.code} /></td>`)}
      </tr>`)}</tbody>
    </table></div>
    ${group.nodes.length > mostRows && html`<p class="quiet">${plural(group.nodes.length - mostRows, 'more node')}.</p>`}
  </details>`;
}

const codes = /** @type {Record<string, [string, string]>} */ ({
  Success: ['✓', 'passes'],
  Skip: ['·', 'has nothing to say'],
  Unschedulable: ['✕', 'rejects it'],
  UnschedulableAndUnresolvable: ['✕', 'rejects it, and preemption would not help'],
  Error: ['!', 'failed'],
});

/** @param {{code?: string}} props */
function Code({ code }) {
  if (!code) return html`<span class="quiet" title="did not run">–</span>`;
  const [sign, words] = codes[code] ?? [code, code];
  return html`<span class=${`code-${code.toLowerCase()}`} title=${`${code}: ${words}`}><span aria-hidden="true">${sign}</span><span class="sr">${words}</span></span>`;
}
