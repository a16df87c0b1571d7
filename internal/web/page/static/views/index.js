/**
 * All that can be on the screen, by name. Each is loaded when it is shown, so that the
 * first one need not wait for the others.
 */
import { signal } from '../lib.js';

/**
 * @typedef {object} Screen
 * @property {string} id as an address names it
 * @property {string} title
 * @property {'run'|'cluster'} scope whether it shows the run at the cursor
 * @property {string} [key] that opens it
 * @property {() => Promise<Record<string, any>>} from the module of its component
 * @property {string} component
 */

const run = () => import('./run.js');

/** @type {Screen[]} */
export const screens = [
  { id: 'flow', title: 'Flow', scope: 'run', key: '1', from: run, component: 'Flow' },
  { id: 'table', title: 'Table', scope: 'run', key: '2', from: run, component: 'Table' },
  { id: 'tracker', title: 'Tracker', scope: 'run', key: '3', from: run, component: 'Tracker' },
  { id: 'moments', title: 'Key moments', scope: 'run', key: '4', from: run, component: 'KeyMoments' },
  { id: 'quiz', title: 'Quiz', scope: 'run', key: '5', from: run, component: 'Quiz' },
  { id: 'whatif', title: 'What if', scope: 'run', key: '6', from: run, component: 'WhatIf' },
  { id: 'snapshot', title: 'Snapshot', scope: 'run', key: '7', from: run, component: 'Snapshot' },
  { id: 'transcript', title: 'Transcript', scope: 'run', key: '8', from: run, component: 'Transcript' },
  { id: 'evidence', title: 'Evidence', scope: 'run', key: '9', from: run, component: 'Evidence' },
  { id: 'cluster', title: 'Cluster', scope: 'cluster', key: 'c', from: () => import('./cluster.js'), component: 'Cluster' },
  { id: 'latency', title: 'Latency', scope: 'cluster', key: 'l', from: () => import('./latency.js'), component: 'Latency' },
  { id: 'runs', title: 'All runs', scope: 'cluster', key: 'a', from: () => import('./runs.js'), component: 'Runs' },
  { id: 'compare', title: 'Two runs', scope: 'cluster', key: 'd', from: () => import('./compare.js'), component: 'Compare' },
  { id: 'send', title: 'Send', scope: 'cluster', from: () => import('./send.js'), component: 'Send' },
];

/** @param {string} id */
export function screenOf(id) {
  return screens.find((each) => each.id === id);
}

/**
 * Loaded is what is known of a screen's module.
 * @typedef {{parts?: Record<string, any>, error?: Error}} Loaded
 */

/** By the function that loads it. */
const loaded = signal(/** @type {Map<Screen['from'], Loaded>} */ (new Map()));
/** @type {Set<Screen['from']>} */
const loading = new Set();

/**
 * load brings a screen, once. Where the observer is gone it cannot be brought, and
 * browsers do not ask again for a module that failed.
 * @param {Screen} screen
 */
export async function load({ from }) {
  if (loading.has(from)) return;
  loading.add(from);
  /** @type {Loaded} */
  let result;
  try {
    result = { parts: await from() };
  } catch (error) {
    result = { error: /** @type {Error} */ (error) };
  }
  loaded.value = new Map(loaded.value).set(from, result);
}

/**
 * loadRest brings all other screens one after the other, so that they are there also
 * where the connection is lost later.
 */
export async function loadRest() {
  for (const screen of screens) await load(screen);
}

/** partsOf is what is loaded of a screen's module; undefined while it is on its way. @param {Screen} screen */
export function partsOf(screen) {
  return loaded.value.get(screen.from);
}
