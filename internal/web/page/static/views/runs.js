import { html } from '../lib.js';

/** Not there yet. */
export function Runs() {
  return html`<p class="notice">loading</p>`;
}
