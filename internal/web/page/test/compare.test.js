import assert from 'node:assert/strict';
import { test } from 'node:test';

import { alike, compareEndings, compareSteps, rowAfter, storedAt } from '../static/model/compare.js';
import { openRun } from '../static/model/run.js';
import { runOf } from '../static/timeline/openfile.js';
import { names, opened, recorded } from './recorded.js';

test('a run beside itself differs nowhere', () => {
  for (const name of names) {
    const open = opened(name);
    const rows = compareSteps(open, open);
    assert.deepEqual(rows.map((row) => row.step).sort(), open.trace.steps.map((each) => each.step).sort(), name);
    assert.deepEqual(rows.flatMap((row) => row.marks), [], name);
    assert.deepEqual(compareEndings(open, open).filter((fact) => fact.differs), [], name);
  }
});

test('the same request for a pod of another name is alike', () => {
  const run = JSON.parse(JSON.stringify(recorded('fits')).replaceAll(recorded('fits').trace.subject.name, 'another-name'));
  const other = openRun(run);
  for (const row of compareSteps(opened('fits'), other)) {
    assert.deepEqual(row.marks, [], `step ${row.step}`);
  }
});

test('what one run alone has is marked, and stands where that one has it', () => {
  const fits = opened('fits');
  const pending = opened('unschedulable');
  const rows = compareSteps(fits, pending);
  const alone = rows.filter((row) => !row.left || !row.right);
  assert.ok(alone.length > 0);
  for (const row of alone) assert.deepEqual(row.marks, ['only here']);
  assert.deepEqual(new Set(rows.map((row) => row.step)), new Set([...fits.step.keys(), ...pending.step.keys()]));
  const mirrored = compareSteps(pending, fits);
  assert.deepEqual(mirrored.map((row) => row.step).sort(), rows.map((row) => row.step).sort());
  assert.equal(mirrored.find((row) => row.step === alone[0].step)?.left === undefined, alone[0].right === undefined);
});

test('endings say which node was chosen, and that none was', () => {
  const facts = new Map(compareEndings(opened('fits'), opened('unschedulable')).map((fact) => [fact.what, fact]));
  assert.ok(facts.get('Outcome')?.differs);
  assert.match(facts.get('Chosen node')?.left ?? '', /node/);
  assert.equal(facts.get('Chosen node')?.right, 'none');
  assert.match(facts.get('Nodes that fitted')?.right ?? '', /^0 of \d/);
});

test('an ending is not another because of its time and its request', () => {
  const other = recorded('deleted');
  const later = (/** @type {string} */ text) => text.replace(/\d\d:\d\d:\d\d\.\d+/g, '23:59:59.000001').replace(/[\da-f]{8}-[\da-f]{4}-/g, '01234567-89ab-');
  assert.match(other.trace.reason, /\d\d:\d\d:\d\d/);
  other.trace.reason = later(other.trace.reason);
  assert.deepEqual(compareEndings(opened('deleted'), openRun(other)).filter((fact) => fact.differs), []);
});

test('a time is marked where it is more than twice as long', () => {
  const slow = recorded('fits');
  const later = (text) => text && new Date(Date.parse(text) + 60_000).toISOString().replace('Z', '000Z');
  slow.moments = slow.moments.map((each) => (each.step === 5 ? { ...each, at: later(each.at) } : each));
  const row = compareSteps(opened('fits'), openRun(slow)).find((each) => each.step === 5);
  assert.ok(row?.marks.includes('when'), String(row?.marks));
});

test('what is another in any two runs is left out', () => {
  assert.deepEqual(alike({
    metadata: { name: 'a', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [1] },
    status: { startTime: '2026-01-01T00:00:00.000001Z', list: ['2026-01-01T00:00:00Z', 'x', 3, null] },
  }), { metadata: { name: 'a' }, status: { startTime: '(a time)', list: ['(a time)', 'x', 3, null] } });
});

test('what etcd had at a step is that of its revision', () => {
  const open = opened('fits');
  const bound = compareSteps(open, open).find((row) => row.step === 4)?.left;
  assert.ok(storedAt(open, bound)?.spec.nodeName);
  assert.equal(storedAt(open, undefined), undefined);
});

test('the cursor stays within the rows', () => {
  const rows = compareSteps(opened('fits'), opened('fits'));
  assert.equal(rowAfter(rows, rows[0].step, -1), 0);
  assert.equal(rowAfter(rows, rows[0].step, 1), 1);
  assert.equal(rowAfter(rows, rows[rows.length - 1].step, 1), rows.length - 1);
});

test('a saved run is read from JSON and from a page', () => {
  const json = JSON.stringify(recorded('fits'));
  assert.equal(runOf(json, 'run.json').trace.outcome, recorded('fits').trace.outcome);
  assert.equal(runOf(`<!DOCTYPE html><script type="application/json" id="run">${json.replaceAll('<', '\\u003c')}</script>`, 'run.html').trace.outcome, recorded('fits').trace.outcome);
});

for (const [name, text, want] of [
  ['nothing', '', /a\.html has no run in it/],
  ['another page', '<html></html>', /a\.html has no run in it/],
  ['a trace', '{"steps":[]}', /is not a run: it has no messages/],
  ['null', 'null', /is not a run: it has no messages/],
  ['a run without its trace', '{"messages":[],"activities":[],"moments":[],"states":[],"evidence":[],"actors":[]}', /it has no trace/],
]) {
  test(`no run: ${name}`, () => assert.throws(() => runOf(text, 'a.html'), want));
}
