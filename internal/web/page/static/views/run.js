/**
 * All that shows a run, in one place: whoever opens one looks at several.
 */
export { Evidence } from './evidence.js';
export { Flow } from './flow.js';
export { Quiz } from './quiz.js';
export { Scrubber } from './scrubber.js';
export { Side } from './side.js';
export { Table } from './table.js';
export { KeyMoments, Snapshot, Transcript } from './texts.js';
export { Tracker } from './tracker.js';
export { WhatIf } from './whatif.js';
