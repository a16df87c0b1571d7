// The nodes and the pods as lists: what the map shows, in words.

import { html, useRef, useState } from '../lib.js';
import { cpu, memory, percent } from '../model/amounts.js';
import { byName, fill, troubled } from '../model/cluster.js';
import { keepOrder } from '../model/order.js';
import { Phase } from './clusterside.js';
import { Raw } from './pieces.js';
import { VirtualList } from './virtual.js';

/**
 * @typedef {import('../model/cluster.js').Cluster} Cluster
 * @typedef {import('../model/cluster.js').Node} Node
 */

/** @param {Cluster} cluster @param {number} slot */
const nodeAt = (cluster, slot) => /** @type {Node} */ (cluster.nodes[slot]);

/** Ways to sort nodes. @type {Record<string, (cluster: Cluster) => (a: number, b: number) => number>} */
const nodeOrders = {
  name: (c) => (a, b) => byName(nodeAt(c, a), nodeAt(c, b)),
  zone: (c) => (a, b) => byName({ name: nodeAt(c, a).zone ?? '' }, { name: nodeAt(c, b).zone ?? '' }) || byName(nodeAt(c, a), nodeAt(c, b)),
  cpu: (c) => (a, b) => (fill(nodeAt(c, b), 'cpu') ?? 0) - (fill(nodeAt(c, a), 'cpu') ?? 0),
  memory: (c) => (a, b) => (fill(nodeAt(c, b), 'memory') ?? 0) - (fill(nodeAt(c, a), 'memory') ?? 0),
  pods: (c) => (a, b) => c.cells[b].count - c.cells[a].count,
  trouble: (c) => (a, b) => troubleOf(c, b) - troubleOf(c, a),
};

/** Ways to sort pods. @type {Record<string, (cluster: Cluster) => (a: number, b: number) => number>} */
const podOrders = {
  name: (c) => (a, b) => c.namespace[a] - c.namespace[b] || (c.name[a] < c.name[b] ? -1 : c.name[a] > c.name[b] ? 1 : 0),
  phase: (c) => (a, b) => c.phase[a] - c.phase[b],
  node: (c) => (a, b) => c.node[a] - c.node[b],
  cpu: (c) => (a, b) => c.cpu[b] - c.cpu[a],
  memory: (c) => (a, b) => c.memory[b] - c.memory[a],
};

/** @param {Cluster} cluster @param {number} slot */
function troubleOf(cluster, slot) {
  let count = nodeAt(cluster, slot).ready ? 0 : 1;
  for (const pod of cluster.cells[slot].slots) if (pod >= 0 && troubled.has(cluster.phases[cluster.phase[pod]])) count++;
  return count;
}

/**
 * useStable keeps the rows of a list in their order while it is live. Slots are used
 * again, so the order is kept of IDs.
 * @param {Cluster} cluster
 * @param {number[]} slots
 * @param {(slot: number) => number} idOf
 * @param {(a: number, b: number) => number} compare
 * @param {string} sortKey another one sorts anew
 */
function useStable(cluster, slots, idOf, compare, sortKey) {
  const kept = useRef({ key: '', ids: /** @type {number[]} */ ([]) });
  const key = `${cluster.epoch} ${sortKey}`;
  if (kept.current.key !== key) {
    slots.sort(compare);
    kept.current = { key, ids: slots.map(idOf) };
    return slots;
  }
  const slotOf = new Map(slots.map((slot) => [idOf(slot), slot]));
  const at = (/** @type {number} */ id) => /** @type {number} */ (slotOf.get(id));
  kept.current.ids = keepOrder(kept.current.ids, slotOf.keys(), (a, b) => compare(at(a), at(b)));
  return kept.current.ids.map(at);
}

/**
 * @param {{cluster: Cluster, filterKey: string, selected: number, onNode: (slot: number) => void}} props
 */
export function NodeList({ cluster, filterKey, selected, onNode }) {
  const [sort, setSort] = useState('name');
  const slots = [...cluster.nodeSlots.values()].filter((slot) => cluster.nodeWanted(slot));
  const rows = useStable(cluster, slots, (slot) => nodeAt(cluster, slot).id, nodeOrders[sort](cluster), `${sort} ${filterKey}`);
  const column = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ className, /** @type {(slot: number) => any} */ cell) => ({
    title, className, cell, onSort: () => setSort(id), sorted: sort !== id ? 'none' : id === 'name' || id === 'zone' ? 'ascending' : 'descending',
  });
  return html`<${VirtualList} label="Nodes" className="nodes-list" count=${rows.length} row=${(/** @type {number} */ i) => rows[i]}
    rowKey=${(/** @type {number} */ slot) => nodeAt(cluster, slot).id} onOpen=${onNode} isOpen=${(/** @type {number} */ slot) => slot === selected}
    empty="No node matches the filter."
    columns=${[
      column('name', 'Node', 'grow', (slot) => html`<${Raw} title=${nodeAt(cluster, slot).name}>${nodeAt(cluster, slot).name}<//>`),
      column('zone', 'Zone', 'w-zone', (slot) => html`<${Raw}>${nodeAt(cluster, slot).zone || '–'}<//>`),
      { title: 'State', className: 'w-state', cell: (/** @type {number} */ slot) => nodeState(nodeAt(cluster, slot)) },
      column('cpu', 'CPU', 'w-gauge', (slot) => html`<${Share} share=${fill(nodeAt(cluster, slot), 'cpu')} />`),
      column('memory', 'Memory', 'w-gauge', (slot) => html`<${Share} share=${fill(nodeAt(cluster, slot), 'memory')} />`),
      column('pods', 'Pods', 'w-count', (slot) => cluster.cells[slot].count),
      column('trouble', 'Trouble', 'w-count', (slot) => troubleOf(cluster, slot) || '–'),
    ]} />`;
}

/** @param {Node} node */
function nodeState(node) {
  if (!node.ready) return html`<span class="bad">✕ not ready</span>`;
  if (node.unschedulable) return html`<span class="warn">⊘ cordoned</span>`;
  return 'ready';
}

/** @param {{share: number|undefined}} props */
function Share({ share }) {
  return html`<span class="share"><span class=${`gauge ${(share ?? 0) > 1 ? 'over' : ''}`} aria-hidden="true"><span style=${{ width: `${Math.min(100, 100 * (share ?? 0))}%` }} /></span>
    <span class="number">${percent(share)}</span></span>`;
}

/**
 * @param {{cluster: Cluster, filterKey: string, selected: number, onPod: (slot: number) => void}} props
 */
export function PodTable({ cluster, filterKey, selected, onPod }) {
  const [sort, setSort] = useState('name');
  const slots = [...cluster.podSlots.values()].filter((slot) => cluster.matches[slot] === 1);
  const rows = useStable(cluster, slots, (slot) => cluster.id[slot], podOrders[sort](cluster), `${sort} ${filterKey}`);
  const column = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ className, /** @type {(slot: number) => any} */ cell) => ({
    title, className, cell, onSort: () => setSort(id), sorted: sort !== id ? 'none' : id === 'cpu' || id === 'memory' ? 'descending' : 'ascending',
  });
  return html`<${VirtualList} label="Pods" className="pods-list" count=${rows.length} row=${(/** @type {number} */ i) => rows[i]}
    rowKey=${(/** @type {number} */ slot) => cluster.id[slot]} onOpen=${onPod} isOpen=${(/** @type {number} */ slot) => slot === selected}
    empty="No pod matches the filter."
    columns=${[
      column('name', 'Pod', 'grow', (slot) => html`<${Raw} title=${cluster.fullName(slot)}>${cluster.fullName(slot)}<//>`),
      column('phase', 'Phase', 'w-phase', (slot) => html`<${Phase} phase=${cluster.phases[cluster.phase[slot]]} />`),
      column('node', 'Node', 'w-node', (slot) => html`<${Raw}>${cluster.nodeOf(slot)?.name ?? '–'}<//>`),
      column('cpu', 'CPU', 'w-number', (slot) => cpu(cluster.cpu[slot])),
      column('memory', 'Memory', 'w-number', (slot) => memory(cluster.memory[slot] * 2 ** 20)),
      { title: 'Kind', className: 'w-kind', cell: (/** @type {number} */ slot) => (cluster.real[slot] ? 'Pod' : 'SimPod') },
    ]} />`;
}
