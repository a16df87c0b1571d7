// Whether what is shown is of now.

import { html, useEffect, useState } from '../lib.js';
import { visible } from '../model/text.js';

/**
 * Connection says nothing while all is well and new: a lost connection is what a
 * reader must know of.
 * @param {{state: import('../timeline/stream.js').StreamState|null|undefined}} props
 */
export function Connection({ state }) {
  const [, tick] = useState(0);
  const waits = state?.retryAt !== undefined;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [waits]);
  if (!state || state.state === 'closed') return null;
  if (state.state === 'live') return html`<span class="connection live"><span class="dot" aria-hidden="true" /> live</span>`;
  if (state.state !== 'lost') return html`<span class="connection">${state.state === 'paused' ? 'paused' : 'connecting …'}</span>`;
  const seconds = Math.max(0, Math.ceil(((state.retryAt ?? 0) - Date.now()) / 1000));
  return html`<span class="connection lost" role="status"><span aria-hidden="true">▲</span> not live: <bdi>${visible(state.reason)}</bdi>${seconds > 0 ? `, again in ${seconds} s` : ', trying …'}</span>`;
}
