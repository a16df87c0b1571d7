import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRun } from '../static/model/run.js';
import { parsePlace } from '../static/timeline/address.js';
import { atEnd, atMoment, atPlace, atRevision, atTime, placeOf, same, start, step, stepRevision } from '../static/timeline/cursor.js';
import { advance, stepPause } from '../static/timeline/play.js';
import { answer, begin, choices, finished, guess, horizon, nobody } from '../static/timeline/predict.js';
import { long, names, opened } from './recorded.js';

for (const name of names) {
  test(`${name}: steps lead through every moment and back`, () => {
    const open = opened(name);
    let cursor = start;
    const seen = [];
    for (let i = 0; i < open.moments.length; i++) {
      cursor = step(open, cursor, 1);
      seen.push(cursor.moment);
    }
    assert.deepEqual(seen, open.moments.map((each) => each.index));
    assert.ok(same(step(open, cursor, 1), cursor), 'the end is the end');
    for (let i = 0; i < open.moments.length; i++) cursor = step(open, cursor, -1);
    assert.ok(same(cursor, start));
  });

  test(`${name}: an address restores each cursor`, () => {
    const open = opened(name);
    const cursors = [start, ...open.moments.map((each) => atMoment(open, each.index)), ...open.revisions.map((_, index) => atRevision(open, index))];
    for (const cursor of cursors) {
      const back = atPlace(open, parsePlace(placeOf(open, cursor)));
      assert.ok(same(back, cursor), `${placeOf(open, cursor)}: ${JSON.stringify(back)} is not ${JSON.stringify(cursor)}`);
    }
  });

  test(`${name}: revisions are stepped through in order`, () => {
    const open = opened(name);
    let cursor = start;
    for (const [index, each] of open.revisions.entries()) {
      cursor = stepRevision(open, cursor, 1);
      assert.equal(cursor.revision, index);
      assert.equal(open.revisions[cursor.revision].revision, each.revision);
    }
  });
}

test('between two moments the way back is to the one before', () => {
  const open = opened('fits');
  const between = atTime(open, (open.moments[3].t + open.moments[4].t) / 2);
  assert.deepEqual([between.moment, between.on], [3, false]);
  assert.equal(step(open, between, -1).moment, 3);
  assert.equal(step(open, between, 1).moment, 4);
});

test('a place that the run does not have is none', () => {
  const open = opened('forbidden');
  assert.equal(atPlace(open, { step: 4 }), null);
  assert.equal(atPlace(open, { revision: 1 }), null);
  assert.ok(same(atTime(open, -5), start));
  assert.equal(atTime(open, 1e12).t, open.end);
});

test('step by step, each moment stays for its time', () => {
  const open = opened('fits');
  let playback = { cursor: start, waited: 0, over: false };
  playback = advance(open, playback, 0, stepPause - 1);
  assert.equal(playback.cursor.moment, -1);
  playback = advance(open, playback, 0, 1);
  assert.equal(playback.cursor.moment, 0);
  for (let i = 0; i < open.moments.length; i++) playback = advance(open, playback, 0, stepPause);
  assert.ok(playback.over);
  assert.ok(same(playback.cursor, atEnd(open)));
});

for (const [rate, passed] of [[0.1, 100], [1, 10], [10, 1]]) {
  test(`at ${rate} times real time, ${passed} ms are 10 ms of the run`, () => {
    const open = openRun(long(20, 20));
    const { cursor, over } = advance(open, { cursor: start, waited: 0, over: false }, rate, passed);
    assert.equal(cursor.t, 10_000);
    assert.equal(over, false);
  });
}

test('a guess shows the next moment, and the last one says that it is over', () => {
  const open = opened('fits');
  let prediction = begin(-1);
  assert.equal(horizon(open, prediction), -1);
  assert.deepEqual(choices(open), [...open.actors.map((each) => each.id), nobody]);
  for (const moment of open.moments) {
    assert.equal(answer(open, prediction), moment.actor);
    prediction = guess(open, prediction, moment.index === 2 ? nobody : moment.actor);
    assert.equal(prediction.frontier, moment.index);
  }
  assert.ok(!finished(open, prediction));
  prediction = guess(open, prediction, nobody);
  assert.ok(finished(open, prediction));
  assert.equal(prediction.guesses.filter((each) => !each.right).length, 1);
  assert.equal(horizon(open, null), Infinity);
});
