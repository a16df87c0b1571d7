// How much each component asks of the API server, with the last two minutes.

import { html } from '../lib.js';
import { rate } from '../model/amounts.js';
import { Component, Notice } from './pieces.js';

/** @typedef {import('../model/cluster.js').Rates} Rates */
/** @typedef {import('../model/history.js').Histories} Histories */

const width = 120;
const height = 22;

/** The name under which the history of watch events is kept. */
export const watchEvents = 'watch events';

/**
 * @param {{rates: Rates|undefined, histories: Histories}} props
 */
export function RatesPanel({ rates, histories }) {
  if (!rates) return null;
  const components = rates.components ?? [];
  return html`<section class="rates" aria-labelledby="rates-title">
    <div class="section-head"><h2 id="rates-title">Requests per second</h2><span class="quiet">to the API server</span></div>
    ${!rates.available && html`<${Notice} title="Not available:">${rates.reason}<//>`}
    <table>
      <thead><tr><th scope="col">by</th><th scope="col" class="spark"><span class="sr">writes of the last two minutes</span></th><th scope="col" class="number">writes/s</th><th scope="col" class="number">reads/s</th><th scope="col" class="number">refused/s</th></tr></thead>
      <tbody>
        ${rates.available && components.map((each) => html`<tr key=${each.component}>
          <th scope="row"><${Component} component=${each.component} /></th>
          <td><${Sparkline} values=${histories.of(each.component)} /></td>
          <td class="number">${rate(each.writes)}</td><td class="number">${rate(each.reads)}</td>
          <td class=${`number ${each.refused > 0 ? 'refused' : 'quiet'}`}>${rate(each.refused)}</td></tr>`)}
        ${rates.available && components.length === 0 && html`<tr><td colspan="5" class="quiet">No request in the last seconds.</td></tr>`}
        <tr class="watch"><th scope="row">watch events</th><td><${Sparkline} values=${histories.of(watchEvents)} /></td><td class="number">${rate(rates.watchEvents)}</td><td colspan="2"></td></tr>
      </tbody>
    </table>
  </section>`;
}

/** @param {{values: number[]}} props */
function Sparkline({ values }) {
  const most = Math.max(1, ...values);
  // The newest is at the right edge, however many there are.
  const points = values.map((value, i) => `${(width - (values.length - 1 - i) * (width / 119)).toFixed(1)},${(height - 1.5 - (value / most) * (height - 4)).toFixed(1)}`);
  return html`<svg class="sparkline" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${`at most ${rate(Math.max(0, ...values))} per second`}>
    <polyline points=${points.join(' ')} />
  </svg>`;
}
