import { html } from '../lib.js';

/** Not there yet. */
export function Latency() {
  return html`<p class="notice">loading</p>`;
}
