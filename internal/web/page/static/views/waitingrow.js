// The pods that have no node, in a row above the map.

import { html, useEffect, useRef, useState } from '../lib.js';
import { number, visible } from '../model/text.js';
import { lookOf, PhaseMark } from './phases.js';

/** @typedef {import('../model/cluster.js').Cluster} Cluster */

const most = 200;
const every = 250;

/**
 * WaitingRow keeps each pod in its place until it gets a node.
 * @param {object} props
 * @param {Cluster} props.cluster
 * @param {(take: (changes: ReturnType<Cluster['takeChanges']>) => void) => () => void} props.subscribe
 * @param {(slot: number) => void} props.onPod
 */
export function WaitingRow({ cluster, subscribe, onPod }) {
  const [, setVersion] = useState(0);
  const timer = useRef(0);
  useEffect(() => {
    const unsubscribe = subscribe((changes) => {
      if (!changes.waiting && !changes.all) return;
      timer.current ||= window.setTimeout(() => {
        timer.current = 0;
        setVersion((v) => v + 1);
      }, every);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer.current);
    };
  }, [cluster]);
  const { slots, count } = cluster.waiting;
  const marks = [];
  for (let place = 0; place < Math.min(slots.length, most); place++) {
    const slot = slots[place];
    if (slot < 0) marks.push(html`<span key=${place} class="hole" />`);
    else marks.push(html`<button type="button" key=${place} tabindex="-1" title=${title(cluster, slot)} aria-label=${title(cluster, slot)}
      class=${cluster.matches[slot] ? '' : 'faint'} onClick=${() => onPod(slot)}><${PhaseMark} phase=${cluster.phases[cluster.phase[slot]]} /></button>`);
  }
  return html`<div class="waiting-row" role="group" aria-label="Pods without a node">
    <span class="waiting-title"><strong>${number(count)}</strong> without a node</span>
    <span class="waiting-marks">${marks}</span>
  </div>`;
}

/** @param {Cluster} cluster @param {number} slot */
function title(cluster, slot) {
  return `${visible(cluster.fullName(slot))}: ${lookOf(cluster.phases[cluster.phase[slot]]).meaning}`;
}
