import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrows, bars, knots, layRows } from '../static/model/lanes.js';
import { openRun } from '../static/model/run.js';
import { linear, logarithmic } from '../static/model/scale.js';
import { placeAmong, roomFor, stops } from '../static/model/scrubber.js';
import { long, names, opened } from './recorded.js';

test('0.1 ms and 30 s are both readable by waits', () => {
  const scale = logarithmic([0, 100, 30_000_000, 30_000_100], [0, 600]);
  const lengths = [scale.x(100) - scale.x(0), scale.x(30_000_000) - scale.x(100), scale.x(30_000_100) - scale.x(30_000_000)];
  assert.ok(lengths.every((each) => each > 30), String(lengths));
  assert.ok(Math.abs(lengths[0] - lengths[2]) < 1);
  assert.ok(Math.abs(scale.t(scale.x(12_345)) - 12_345) < 1);
});

test('time is length on the linear scale', () => {
  const scale = linear(0, 1000, [0, 500]);
  assert.equal(scale.x(500), 250);
  assert.equal(scale.t(250), 500);
});

test('no two ticks of different times say the same', () => {
  const scale = logarithmic([0, 5_010_000, 5_021_000, 5_024_000], [0, 800]);
  const labels = scale.ticks.map((each) => each.label);
  assert.equal(new Set(labels).size, labels.length, String(labels));
});

for (const name of names) {
  test(`${name}: labels of arrows do not touch`, () => {
    const open = opened(name);
    const { rows } = layRows(open);
    const list = arrows(open, rows, logarithmic(knots(open), [14, 800]), Infinity);
    const labels = list.map((each) => each.label).filter(Boolean);
    labels.forEach((one, index) => labels.slice(index + 1).forEach((other) => {
      assert.ok(Math.abs(one.y - other.y) >= 13 || one.x + one.w <= other.x || other.x + other.w <= one.x, `${one.text} touches ${other.text}`);
    }));
    for (const each of bars(open, rows, linear(0, open.end, [0, 800]), Infinity)) assert.ok(each.w > 0);
  });
}

test('what is beyond the horizon is not drawn', () => {
  const open = opened('fits');
  const { rows } = layRows(open);
  const scale = linear(0, open.end, [0, 800]);
  assert.ok(arrows(open, rows, scale, open.moments[1].t).length < open.messages.length);
  assert.equal(arrows(open, rows, scale, -1).length, 0);
});

test('the scrubber has a stop for each moment, with the revisions that they made', () => {
  const open = opened('fits');
  const list = stops(open);
  assert.equal(list.length, open.moments.length);
  assert.deepEqual(list.map((each) => each.revision).filter(Boolean), open.revisions.map((each) => each.revision));
  assert.equal(placeAmong(open, { t: -1, moment: -1, on: false }), 0);
  assert.equal(placeAmong(open, { t: open.moments[2].t, moment: 2, on: true }), list[2].x);
});

test('the stop at the cursor always has its label', () => {
  const open = openRun(long(200, 500));
  const kept = roomFor(stops(open), () => 'reports', 600, 57);
  assert.ok(kept.has(57));
  assert.ok(kept.size < 20);
});

test('200 revisions and 500 messages are laid out within a few frames', () => {
  const open = openRun(long(200, 500));
  const { rows } = layRows(open);
  const begin = performance.now();
  arrows(open, rows, logarithmic(knots(open), [14, 2000]), Infinity);
  const took = performance.now() - begin;
  assert.ok(took < 500, `${took} ms`);
});
