import { html } from '../lib.js';

/** Not there yet. */
export function Send() {
  return html`<p class="notice">loading</p>`;
}
