/**
 * Help: the keys, and what the shapes are.
 */
import { html, useEffect, useRef } from '../lib.js';
import { keys } from '../timeline/keys.js';
import { Shape } from './shapes.js';

const parts = [
  ['client', 'Client', 'whoever sends requests: kubectl, a program, a person'],
  ['api-server', 'API server', 'everything goes through it: it checks each request, and tells those who watch'],
  ['etcd', 'etcd', 'keeps each state of each object, and numbers them: the revisions'],
  ['scheduler', 'Scheduler', 'picks a node for each pod that has none'],
  ['controller-manager', 'Controller manager', 'makes what is like what is wanted'],
  ['kubelet', 'Node and kubelet', 'where a pod runs, and who runs it'],
];

/** @param {{close: () => void}} props */
export function Help({ close }) {
  const ref = useRef(/** @type {HTMLDialogElement|null} */ (null));
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return html`<dialog class="help" ref=${ref} onClose=${close} aria-labelledby="help-title">
    <header class="view-head"><h1 id="help-title">Keys and shapes</h1><button type="button" class="icon" aria-label="Close" onClick=${() => ref.current?.close()}>✕</button></header>
    <div class="help-columns">
      <dl class="keys">${keys.map(([key, what]) => html`<div><dt>${key.split(' ').map((each) => (each === 'then' || each === 'a' && key.includes('number') || each === 'number' || each === '…' ? html`${each} ` : html`<kbd>${each}</kbd> `))}</dt><dd>${what}</dd></div>`)}</dl>
      <dl class="parts">${parts.map(([kind, name, what]) => html`<div><dt class=${`of-${kind}`}><${Shape} kind=${kind} size=${22} /> ${name}</dt><dd>${what}</dd></div>`)}</dl>
    </div>
    <p class="quiet">There is one cursor: a moment of one run. Moving it in any view moves all of them. Solid arrows are requests and answers, dashed ones are events that a watch delivers.
      Nothing here is made up: what no source has recorded is said to be not available.</p>
  </dialog>`;
}
