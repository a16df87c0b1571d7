import { html } from '../lib.js';

/** Not there yet. */
export function Cluster() {
  return html`<p class="notice">loading</p>`;
}
