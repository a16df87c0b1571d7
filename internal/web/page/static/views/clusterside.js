// What is beside the map: one node, one pod, or what the map shows.

import { html, useEffect, useState } from '../lib.js';
import { cpu, memory, percent } from '../model/amounts.js';
import { fill, phases } from '../model/cluster.js';
import { plural } from '../model/text.js';
import { address, get } from '../timeline/api.js';
import { runAddress } from '../timeline/address.js';
import { lookOf, PhaseMark } from './phases.js';
import { Notice, Raw } from './pieces.js';
import { Verdicts } from './verdicts.js';
import { VirtualList } from './virtual.js';

/**
 * @typedef {import('../model/cluster.js').Cluster} Cluster
 * @typedef {import('../model/cluster.js').Node} Node
 * @typedef {import('../model/verdicts.js').Attempt} Attempt
 */

const mostLabels = 8;

/** Guide says what the map shows, for who sees it for the first time. */
export function Guide() {
  return html`<div class="guide">
    <p class="eyebrow">How to read this</p>
    <h2>Nodes and the pods on them</h2>
    <p>Each tile is a <strong>node</strong>, a machine that runs pods. Each mark in it is a <strong>pod</strong>, a program that somebody asked for.
      The bar at a tile's left edge is how much of the node its pods ask for.</p>
    <p>Where many nodes make the tiles small, the colour of a tile is how full the node is, and a dot says that a pod on it is in trouble.</p>
    <p>Click a tile or a mark to open it. Pods that have no node yet are in the row above the map: the scheduler has to find one for them.</p>
    <h3>Marks</h3>
    <dl class="legend">${phases.map((phase) => html`<div key=${phase}><dt><${PhaseMark} phase=${phase} /> ${lookOf(phase).title}</dt><dd>${lookOf(phase).meaning}</dd></div>`)}</dl>
    <h3>Tiles</h3>
    <dl class="legend">
      <div><dt><span class="tile-mark cordoned" aria-hidden="true" /> Cordoned</dt><dd>takes no new pods</dd></div>
      <div><dt><span class="tile-mark not-ready" aria-hidden="true" /> Not ready</dt><dd>its kubelet does not report, or reports trouble</dd></div>
    </dl>
  </div>`;
}

/**
 * @param {{cluster: Cluster, slot: number, onPod: (slot: number) => void, onClose: () => void}} props
 */
export function NodeSide({ cluster, slot, onPod, onClose }) {
  const node = cluster.nodes[slot];
  if (!node) return html`<${Gone} title="This node is gone." onClose=${onClose} />`;
  const pods = cluster.cells[slot].slots.filter((pod) => pod >= 0);
  return html`<div class="node-side">
    <${Head} eyebrow=${node.kind} title=${node.name} onClose=${onClose} />
    <p>${stateOf(node)}</p>
    <${Gauge} title="CPU" share=${fill(node, 'cpu')} words=${`${cpu(node.requested.cpu)} of ${cpu(node.allocatable.cpu)} asked for`} />
    <${Gauge} title="Memory" share=${fill(node, 'memory')} words=${`${memory(node.requested.memory)} of ${memory(node.allocatable.memory)} asked for`} />
    <${Gauge} title="Pods" share=${fill(node, 'pods')} words=${`${node.requested.pods} of ${node.allocatable.pods}`} />
    <h3>Taints</h3>
    ${node.taints?.length ? html`<ul class="taints">${node.taints.map((taint) => html`<li key=${taint}><${Raw}>${taint}<//></li>`)}</ul>` : html`<p class="quiet">none: every pod may run here</p>`}
    <${Labels} labels=${node.labels ?? {}} />
    <h3>${plural(pods.length, 'pod')}</h3>
    <${PodList} cluster=${cluster} slots=${pods} label=${`Pods of ${node.name}`} onPod=${onPod} />
  </div>`;
}

/** @param {Node} node */
function stateOf(node) {
  if (node.unseen) return 'Only its pods name it: it is deleted, or may not be watched. What it has is not known.';
  const state = node.ready ? 'Ready' : 'Not ready';
  const cordon = node.unschedulable ? ', cordoned: it takes no new pods' : '';
  return html`${state}${cordon}${node.zone ? html`. In zone <${Raw}>${node.zone}<//>.` : '. In no zone.'}`;
}

/** @param {{eyebrow: any, title: string, onClose: () => void}} props */
function Head({ eyebrow, title, onClose }) {
  return html`<div class="side-head"><div><p class="eyebrow">${eyebrow}</p><h2><${Raw}>${title}<//></h2></div>
    <button type="button" class="icon" aria-label="Close" onClick=${onClose}>✕</button></div>`;
}

/** @param {{title: string, share: number|undefined, words: string}} props */
function Gauge({ title, share, words }) {
  return html`<div class="gauge-row"><span>${title}</span>
    <span class=${`gauge ${(share ?? 0) > 1 ? 'over' : ''}`} aria-hidden="true"><span style=${{ width: `${Math.min(100, 100 * (share ?? 0))}%` }} /></span>
    <span class="number">${percent(share)}</span><span class="quiet words">${words}</span></div>`;
}

/** @param {{labels: Record<string, string>}} props */
function Labels({ labels }) {
  const [all, setAll] = useState(false);
  const entries = Object.entries(labels).sort();
  const shown = all ? entries : entries.slice(0, mostLabels);
  return html`<h3>Labels</h3>
    ${entries.length === 0 && html`<p class="quiet">none</p>`}
    <ul class="node-labels">${shown.map(([key, value]) => html`<li key=${key}><${Raw}>${`${key}=${value}`}<//></li>`)}</ul>
    ${entries.length > mostLabels && html`<button type="button" class="link" aria-expanded=${all} onClick=${() => setAll(!all)}>${all ? 'fewer' : `${entries.length - mostLabels} more`}</button>`}`;
}

/**
 * @param {{cluster: Cluster, slots: number[], label: string, onPod: (slot: number) => void}} props
 */
function PodList({ cluster, slots, label, onPod }) {
  return html`<${VirtualList} label=${label} className="node-pods" count=${slots.length} row=${(/** @type {number} */ i) => slots[i]}
    rowKey=${(/** @type {number} */ slot) => cluster.id[slot]} onOpen=${onPod} empty="No pod runs here."
    columns=${[
      { title: 'Pod', className: 'grow', cell: (/** @type {number} */ slot) => html`<${Raw} title=${cluster.fullName(slot)}>${cluster.fullName(slot)}<//>` },
      { title: 'Phase', className: 'w-phase', cell: (/** @type {number} */ slot) => html`<${Phase} phase=${cluster.phases[cluster.phase[slot]]} />` },
    ]} />`;
}

/** Phase is a phase by shape and name. @param {{phase: string}} props */
export function Phase({ phase }) {
  return html`<span class="phase"><${PhaseMark} phase=${phase} /> ${lookOf(phase).title}</span>`;
}

/**
 * @param {{cluster: Cluster, slot: number, onNode: (slot: number) => void, onClose: () => void}} props
 */
export function PodSide({ cluster, slot, onNode, onClose }) {
  const pod = cluster.pod(slot);
  const subject = { resource: pod.resource, namespace: pod.namespace, name: pod.name };
  return html`<div class="pod-side">
    <${Head} eyebrow=${html`${pod.resource === 'pods' ? 'Pod' : 'SimPod'} in <${Raw}>${pod.namespace}<//>`} title=${pod.name} onClose=${onClose} />
    <p><${Phase} phase=${pod.phase} />: ${lookOf(pod.phase).meaning}.</p>
    <p>${pod.node
      ? html`On <button type="button" class="link" onClick=${() => pod.node && onNode(cluster.findNode(pod.node.name))}><${Raw}>${pod.node.name}<//></button>, where ${asked(pod)}.`
      : html`${pod.nodeKnown ? 'It has no node.' : 'Its node is not known here.'} ${capital(asked(pod))}.`}</p>
    <p><a class="button primary" href=${runAddress(subject)}>Open its run</a></p>
    <${Attempts} key=${`${pod.resource}/${pod.namespace}/${pod.name}`} subject=${subject} phase=${pod.phase} />
  </div>`;
}

/** asked says what a pod asks for. @param {{cpu: number, memory: number}} pod */
function asked(pod) {
  const amounts = [pod.cpu > 0 ? cpu(pod.cpu) : '', pod.memory > 0 ? memory(pod.memory * 2 ** 20) : ''].filter(Boolean);
  return `it asks for ${amounts.join(' and ') || 'nothing'}`;
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/**
 * Attempts are what the scheduler decided about a pod, from its trace.
 * @param {{subject: {resource: string, namespace: string, name: string}, phase: string}} props the phase, since a change of it may mean another attempt
 */
function Attempts({ subject, phase }) {
  const [attempts, setAttempts] = useState(/** @type {Attempt[]|undefined} */ (undefined));
  const [problem, setProblem] = useState('');
  const [chosen, setChosen] = useState(-1);
  useEffect(() => {
    const stop = new AbortController();
    get(address(['traces', subject.resource, subject.namespace, subject.name]), stop.signal).then(
      (trace) => {
        setProblem('');
        setAttempts(trace.attempts ?? []);
      },
      (error) => !stop.signal.aborted && setProblem(error.message),
    );
    return () => stop.abort();
  }, [phase]);
  if (problem) return html`<h3>Scheduler</h3><${Notice} title="Not available:">${problem}<//>`;
  if (!attempts) return html`<h3>Scheduler</h3><p class="quiet" aria-busy="true">Asking what the scheduler decided …</p>`;
  if (attempts.length === 0) return html`<h3>Scheduler</h3><p class="quiet">No attempt to schedule it is recorded.</p>`;
  const deciding = Math.max(0, attempts.findIndex((attempt) => attempt.deciding));
  const current = attempts[chosen] ?? attempts[deciding];
  return html`<section aria-label="Scheduler">
    <h3>Scheduler ${attempts.length > 1 && html`<span class="quiet">${plural(attempts.length, 'attempt')}</span>`}</h3>
    ${attempts.length > 1 && html`<div class="segmented" role="group" aria-label="Attempt">${attempts.slice(-8).map((attempt) => html`<button type="button" key=${attempt.attempt}
      aria-pressed=${String(attempt === current)} onClick=${() => setChosen(attempts.indexOf(attempt))}>${attempt.attempt}${attempt.deciding ? ' ★' : ''}</button>`)}</div>`}
    <${Verdicts} attempt=${current} />
  </section>`;
}

/** @param {{title: string, onClose: () => void}} props */
export function Gone({ title, onClose }) {
  return html`<div><p>${title}</p><button type="button" onClick=${onClose}>Close</button></div>`;
}
