/**
 * All that can be on the screen, by name.
 */
import { Cluster } from './cluster.js';
import { Evidence } from './evidence.js';
import { Flow } from './flow.js';
import { Latency } from './latency.js';
import { Quiz } from './quiz.js';
import { Runs } from './runs.js';
import { Send } from './send.js';
import { Table } from './table.js';
import { KeyMoments, Snapshot, Transcript } from './texts.js';
import { Tracker } from './tracker.js';
import { WhatIf } from './whatif.js';

/**
 * @typedef {object} Screen
 * @property {string} id as an address names it
 * @property {string} title
 * @property {'run'|'cluster'} scope whether it shows the run at the cursor
 * @property {string} [key] that opens it
 * @property {any} component
 */

/** @type {Screen[]} */
export const screens = [
  { id: 'flow', title: 'Flow', scope: 'run', key: '1', component: Flow },
  { id: 'table', title: 'Table', scope: 'run', key: '2', component: Table },
  { id: 'tracker', title: 'Tracker', scope: 'run', key: '3', component: Tracker },
  { id: 'moments', title: 'Key moments', scope: 'run', key: '4', component: KeyMoments },
  { id: 'quiz', title: 'Quiz', scope: 'run', key: '5', component: Quiz },
  { id: 'whatif', title: 'What if', scope: 'run', key: '6', component: WhatIf },
  { id: 'snapshot', title: 'Snapshot', scope: 'run', key: '7', component: Snapshot },
  { id: 'transcript', title: 'Transcript', scope: 'run', key: '8', component: Transcript },
  { id: 'evidence', title: 'Evidence', scope: 'run', key: '9', component: Evidence },
  { id: 'cluster', title: 'Cluster', scope: 'cluster', key: 'c', component: Cluster },
  { id: 'latency', title: 'Latency', scope: 'cluster', key: 'l', component: Latency },
  { id: 'runs', title: 'All runs', scope: 'cluster', key: 'a', component: Runs },
  { id: 'send', title: 'Send', scope: 'cluster', component: Send },
];

/** @param {string} id */
export function screenOf(id) {
  return screens.find((each) => each.id === id);
}
