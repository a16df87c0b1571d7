// The runs that the tests of the page are made with: those that package run keeps.
import { readdirSync, readFileSync } from 'node:fs';
import { openRun } from '../static/model/run.js';

const folder = new URL('../../../explain/run/testdata/', import.meta.url);

export const names = readdirSync(folder).filter((name) => name.endsWith('.golden.json')).map((name) => name.replace('.golden.json', ''));

export function recorded(name) {
  return JSON.parse(readFileSync(new URL(`${name}.golden.json`, folder), 'utf8'));
}

export function opened(name) {
  return openRun(recorded(name));
}

/** A run of many moments, as one of a pod that restarts for a day. */
export function long(revisions, messages) {
  const at = (t) => new Date(Date.UTC(2026, 0, 1) + t).toISOString().replace('Z', '000Z');
  const run = recorded('fits');
  run.begin = at(0);
  run.end = at(revisions * 100);
  run.trace.revisions = Array.from({ length: revisions }, (_, i) => ({ revision: 1000 + i, kind: 'status', time: at(i * 100), component: 'Controller manager', state: 'Running', bytes: 900 + (i % 40), text: 'Running' }));
  run.states = run.trace.revisions.map((each) => ({ revision: each.revision, outcome: 'Running', headline: '', object: { metadata: { resourceVersion: String(each.revision) }, status: { restartCount: each.revision } } }));
  run.moments = run.trace.revisions.map((each) => ({ at: each.time, revision: each.revision, actor: 'controller-manager', label: 'reports', title: `Reports at ${each.revision}` }));
  run.messages = Array.from({ length: messages }, (_, i) => ({ ...run.messages[i % run.messages.length], id: `m${i}`, sentAt: at((i * revisions * 100) / messages), receivedAt: at((i * revisions * 100) / messages + 1) }));
  run.activities = [];
  return run;
}
