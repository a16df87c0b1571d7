import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lanesAt, lastBy, momentOfRevision, momentOfStep, openRun, outcomeAt, proofOf, stepsDone } from '../static/model/run.js';
import { atEnd, atMoment, start } from '../static/timeline/cursor.js';
import { names, opened, recorded } from './recorded.js';

for (const name of names) {
  test(`${name}: every moment has a place, in order`, () => {
    const open = opened(name);
    assert.equal(open.moments.length, recorded(name).moments.length);
    open.moments.forEach((each, index) => {
      assert.ok(Number.isFinite(each.t) && each.t >= 0, `moment ${index} at ${each.t}`);
      assert.ok(index === 0 || each.t >= open.moments[index - 1].t);
    });
    for (const message of open.messages) assert.ok(Number.isFinite(message.at), `message ${message.id}`);
  });
}

test('a step is found at the moment that completes it', () => {
  const open = opened('fits');
  assert.equal(open.moments[momentOfStep(open, 4)].step, 4);
  assert.equal(momentOfStep(open, 9), -1);
  assert.equal(open.moments[momentOfRevision(open, open.revisions[1].revision)].revision, open.revisions[1].revision);
});

test('what is done at a moment is what was done before it', () => {
  const open = opened('fits');
  assert.deepEqual([...stepsDone(open, -1)], []);
  assert.deepEqual([...stepsDone(open, open.moments.length - 1)].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('the outcome is that of the cursor, not of the end', () => {
  const open = opened('fits');
  assert.equal(outcomeAt(open, start, false).outcome, 'Not stored');
  assert.equal(outcomeAt(open, atMoment(open, momentOfStep(open, 4)), false).outcome, 'Scheduled');
  assert.equal(outcomeAt(open, atEnd(open), true).outcome, 'Running');
});

test('lanes have the newest message by a time, and that of the moment first', () => {
  const open = opened('fits');
  assert.equal(lanesAt(open, -1, new Set()).size, 0);
  const all = lanesAt(open, open.end, new Set());
  const first = open.messages.find((each) => each.kind === 'request');
  const key = `${first.from}>${first.to}`;
  assert.equal(all.get(key).count, open.messages.filter((each) => `${each.from}>${each.to}` === key).length);
  const now = lanesAt(open, open.end, new Set([first.id]));
  assert.equal(now.get(key).message.id, first.id);
  assert.ok(now.get(key).now);
});

test('a run of which nothing is known opens', () => {
  const open = opened('nothing');
  assert.equal(open.moments.length, 0);
  assert.equal(open.end, 0);
  assert.equal(openRun({ ...recorded('nothing'), begin: undefined }).zero, 0);
});

test('the last entry by a time', () => {
  const list = [{ t: 1 }, { t: 2 }, { t: 2 }, { t: 5 }];
  assert.deepEqual([0, 1, 2, 4, 9].map((t) => lastBy(list, t)), [-1, 0, 2, 2, 3]);
});

test('what sums up others is proved by all that its step has', () => {
  const open = opened('fits');
  const keeps = open.moments[momentOfStep(open, 6)];
  const proof = proofOf(open, keeps);
  assert.ok(proof.length > 0);
  for (const id of proof) assert.ok(keeps.evidence?.includes(id) || open.piece.get(id).steps.includes(6), id);
  assert.deepEqual(proofOf(open, undefined), []);
});
