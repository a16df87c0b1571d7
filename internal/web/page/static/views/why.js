/**
 * Why that node: the points of the best nodes beside each other, or why none fits.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('../model/types.js').NodeVerdict} NodeVerdict
 */
import { html } from '../lib.js';
import { scaleLinear } from '../vendor/d3-scale.js';
import { plural, visible } from '../model/text.js';
import { Raw } from './pieces.js';

/** How many nodes and rejections are shown; the Table has all. */
const most = 4;

/** @param {{timeline: Timeline, open: OpenRun, go: (view: string, params?: Record<string, string>) => void}} props */
export function Why({ open, go }) {
  const attempt = open.deciding;
  const unavailable = open.trace.sources.find((each) => each.name === 'decision' && !each.available);
  if (!attempt) {
    return html`<div class="side-part"><h2>Why</h2><p class="quiet">Not available: ${visible(unavailable?.reason ?? 'no decision of the scheduler is recorded')}.</p></div>`;
  }
  const fit = (attempt.nodes ?? []).filter((each) => each.feasible);
  return html`<div class="side-part">
    <h2>${attempt.node ? html`Why <${Raw}>${attempt.node}<//>` : 'Why no node'} <span class="aside">${attempt.nodesFeasible} of ${plural(attempt.nodesEvaluated, 'node')} fit</span></h2>
    ${fit.some((each) => each.scores?.length) ? html`<${Scores} nodes=${fit} chosen=${attempt.node ?? ''} />` : null}
    ${fit.length === 1 && !fit[0].scores?.length ? html`<p class="quiet">It was the only one that fits, so nothing was scored.</p>` : null}
    ${attempt.rejections?.length ? html`<${Rejections} list=${attempt.rejections} of=${attempt.nodesEvaluated} />` : null}
    ${attempt.message ? html`<p><${Raw}>${attempt.message}<//></p>` : null}
    <p><button type="button" class="link" onClick=${() => go('table', { open: '4' })}>All plugins and nodes ›</button></p>
  </div>`;
}

/**
 * @param {{nodes: NodeVerdict[], chosen: string}} props
 */
function Scores({ nodes, chosen }) {
  const [winner, ...others] = [...nodes].sort((a, b) => Number(b.name === chosen) - Number(a.name === chosen) || (a.rank ?? 0) - (b.rank ?? 0));
  const scale = scaleLinear([0, Math.max(...nodes.map((each) => each.total), 1)], [0, 200]);
  const plugins = (winner.scores ?? []).filter((each) => nodes.some((node) => node.scores?.some((score) => score.plugin === each.plugin && score.weighted))).map((each) => each.plugin);
  const runnerUp = others[0];
  return html`<div class="scores">
    ${[winner, ...others.slice(0, most - 1)].map((node, index) => html`<div class=${`score ${index ? '' : 'winner'}`}>
      <${Raw} class="ellipsis">${node.name}<//>
      <svg viewBox="0 0 200 12" preserveAspectRatio="none" role="img" aria-label=${(node.scores ?? []).map((each) => `${each.plugin} ${each.weighted}`).join(', ')}>
        ${bars(node, plugins, scale).map((each) => html`<rect class=${`plugin-${each.place % 4}`} x=${each.x} width=${Math.max(0, each.w - 1)} height="12"><title>${each.plugin}: ${each.points} points</title></rect>`)}
      </svg>
      <span class="mono">${node.total}</span></div>`)}
    <p class="quiet small-text legend">${plugins.map((plugin, place) => html`<span><i class=${`plugin-${place % 4}`}></i>${visible(plugin)} ${winner.scores?.find((each) => each.plugin === plugin)?.weighted}</span> `)}</p>
    ${runnerUp ? html`<p class="small-text">${runnerUp.total === winner.total
      ? html`<${Raw}>${runnerUp.name}<//> has as many points: among equals the scheduler picks one.`
      : html`Second is <${Raw}>${runnerUp.name}<//>, ${plural(winner.total - runnerUp.total, 'point')} behind${behind(winner, runnerUp)}.`}</p>` : null}
    ${others.length >= most ? html`<p class="quiet small-text">and ${plural(others.length - most + 1, 'more node')}</p>` : null}
  </div>`;
}

/**
 * @param {NodeVerdict} node
 * @param {string[]} plugins
 * @param {(value: number) => number} scale
 */
function bars(node, plugins, scale) {
  let x = 0;
  return plugins.map((plugin, place) => {
    const points = node.scores?.find((each) => each.plugin === plugin)?.weighted ?? 0;
    const from = x;
    x += points;
    return { plugin, place, points, x: scale(from), w: scale(x) - scale(from) };
  });
}

/**
 * The plugin that made most of the difference.
 * @param {NodeVerdict} winner
 * @param {NodeVerdict} other
 */
function behind(winner, other) {
  const lost = (winner.scores ?? []).map((each) => ({ plugin: each.plugin, by: each.weighted - (other.scores?.find((one) => one.plugin === each.plugin)?.weighted ?? 0) }));
  const worst = lost.sort((a, b) => b.by - a.by)[0];
  return worst && worst.by > 0 ? `, most of them by ${worst.plugin}` : '';
}

/** @param {{list: {plugin: string, reason: string, nodes: number, examples?: string[]}[], of: number}} props */
function Rejections({ list, of }) {
  return html`<ul class="rejections">${list.slice(0, most).map((each) => html`<li>
    <b>${visible(each.plugin)}</b> turned down ${each.nodes} of ${of}: <${Raw}>${each.reason}<//>
    ${each.examples?.length ? html`<span class="quiet"> such as ${visible(each.examples.join(', '))}</span>` : null}</li>`)}</ul>`;
}
