// Where the scheduler keeps the pods that wait, and what each waits for.

import { html, useState } from '../lib.js';
import { number, visible } from '../model/text.js';
import { duration, micros } from '../model/time.js';
import { Notice, Raw } from './pieces.js';
import { VirtualList } from './virtual.js';

/** @typedef {import('../model/cluster.js').Queues} Queues */
/** @typedef {import('../model/cluster.js').Waiting} Waiting */

const queues = /** @type {const} */ ([
  { id: 'active', title: 'Active', meaning: 'next to be scheduled' },
  { id: 'backoff', title: 'Backoff', meaning: 'tried and failed, and wait before the next try' },
  { id: 'unschedulable', title: 'Unschedulable', meaning: 'wait for the cluster to change' },
  { id: 'gated', title: 'Gated', meaning: 'held back by scheduling gates' },
]);

/**
 * @param {object} props
 * @param {Queues|undefined} props.queues
 * @param {string} props.now when the queues were read
 * @param {(waiting: Waiting) => void} props.onPod
 */
export function QueuesPanel({ queues: state, now, onPod }) {
  const [only, setOnly] = useState(/** @type {''|typeof queues[number]['id']} */ (''));
  if (!state) return null;
  const waiting = (state.waiting ?? []).filter((pod) => !only || pod.queue === only);
  const known = only ? state[only] : state.active + state.backoff + state.unschedulable + state.gated;
  return html`<section class="queues" aria-labelledby="queues-title">
    <div class="section-head"><h2 id="queues-title">Scheduler's queues</h2></div>
    ${!state.available ? html`<${Notice} title="Not available:">${state.reason}<//>` : html`
    <div class="queue-boxes" role="group" aria-label="Show one queue">${queues.map((queue) => html`<button
        type="button" key=${queue.id} class=${`queue queue-${queue.id}`} title=${queue.meaning} aria-pressed=${String(only === queue.id)}
        onClick=${() => setOnly(only === queue.id ? '' : queue.id)}>
      <span class="count">${number(state[queue.id])}</span> ${queue.title}</button>`)}
      <span class="queue queue-flight" title="attempts to schedule that are under way"><span class="count">${number(state.inFlight)}</span> In flight</span></div>
    <${VirtualList}
      label="Pods that wait" className="waiting-list" rowRems=${2.4} count=${waiting.length} row=${(/** @type {number} */ i) => waiting[i]}
      rowKey=${(/** @type {Waiting} */ pod) => `${pod.namespace}/${pod.name}`} onOpen=${onPod}
      empty=${only ? 'No pod is in this queue.' : 'No pod waits: all have a node.'}
      columns=${[
        { title: 'Pod', className: 'grow', cell: (/** @type {Waiting} */ pod) => html`<${Raw} title=${`${pod.namespace}/${pod.name}`}>${`${pod.namespace}/${pod.name}`}<//>` },
        { title: 'Queue', className: 'w-queue', cell: (/** @type {Waiting} */ pod) => pod.queue },
        { title: 'Waits for', className: 'grow2', cell: (/** @type {Waiting} */ pod) => html`<span title=${reasonOf(pod, now)}><bdi>${reasonOf(pod, now)}</bdi></span>` },
        { title: 'Since', className: 'w-number', cell: (/** @type {Waiting} */ pod) => (pod.since ? duration(micros(now) - micros(pod.since)) : '–') },
        { title: 'Tries', className: 'w-count', cell: (/** @type {Waiting} */ pod) => pod.attempts },
        { title: 'Priority', className: 'w-number', cell: (/** @type {Waiting} */ pod) => pod.priority },
      ]} />
    ${waiting.length < known && html`<p class="quiet">The first ${number(waiting.length)} of ${number(known)}.</p>`}`}
  </section>`;
}

/**
 * @param {Waiting} pod
 * @param {string} now
 */
function reasonOf(pod, now) {
  const ends = pod.backoffEnds ? micros(pod.backoffEnds) - micros(now) : NaN;
  const parts = [pod.for, ends > 0 ? `backoff ends in ${duration(ends)}` : '', pod.plugins?.length ? `rejected by ${pod.plugins.join(', ')}` : ''];
  return visible(parts.filter(Boolean).join(' · ')) || (pod.queue === 'active' ? 'its turn' : 'not told');
}
