import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command } from '../static/timeline/keys.js';
import { createTimeline } from '../static/timeline/timeline.js';
import { recorded } from './recorded.js';

/** Frames that the test lets pass. */
function frames() {
  let next = null;
  let now = 0;
  return {
    request: (callback) => { next = callback; return 1; },
    cancel: () => { next = null; },
    pass(milliseconds) {
      for (let left = milliseconds; left > 0 && next; left -= 50) {
        const callback = next;
        next = null;
        callback((now += 50));
      }
    },
  };
}

test('LIVE follows the newest; a reader who moves does not', () => {
  const timeline = createTimeline(frames());
  const run = recorded('fits');
  const early = { ...run, moments: run.moments.slice(0, 3) };
  timeline.show(early);
  assert.equal(timeline.cursor.value.moment, 2);
  timeline.show(run);
  assert.equal(timeline.cursor.value.moment, run.moments.length - 1);
  timeline.seekMoment(1);
  assert.equal(timeline.live.value, false);
  timeline.show(run);
  assert.equal(timeline.cursor.value.moment, 1);
  timeline.setLive(true);
  assert.equal(timeline.cursor.value.moment, run.moments.length - 1);
});

test('a cursor stays where it is when earlier moments become known', () => {
  const timeline = createTimeline(frames());
  const run = recorded('fits');
  timeline.show({ ...run, moments: run.moments.filter((each) => each.step !== 2) });
  timeline.seekPlace({ step: 4 });
  timeline.show(run);
  assert.equal(timeline.moment.value.step, 4);
});

test('an address is obeyed once the run is there', () => {
  const timeline = createTimeline(frames());
  timeline.setPlace({ step: 3 });
  timeline.show(recorded('fits'));
  assert.equal(timeline.moment.value.step, 3);
  timeline.setPlace({ revision: 1 });
  assert.equal(timeline.cursor.value.moment, timeline.open.value.moments.length - 1, 'an unknown place is the end');
});

test('it plays to the end and stops', () => {
  const clock = frames();
  const timeline = createTimeline(clock);
  timeline.show(recorded('fits'));
  timeline.play();
  assert.equal(timeline.cursor.value.moment, -1, 'from the end it begins anew');
  clock.pass(60_000);
  assert.equal(timeline.isPlaying.value, false);
  assert.equal(timeline.cursor.value.moment, timeline.open.value.moments.length - 1);
});

test('while predicting, nothing leads beyond what was guessed', () => {
  const timeline = createTimeline(frames());
  timeline.show(recorded('fits'));
  timeline.predict(true);
  assert.equal(timeline.cursor.value.moment, -1);
  timeline.step(1);
  assert.equal(timeline.cursor.value.moment, -1);
  assert.ok(timeline.asked.value);
  timeline.seekRevision(1);
  assert.equal(timeline.cursor.value.moment, -1);
  timeline.guess('client');
  assert.equal(timeline.cursor.value.moment, 0);
  assert.ok(timeline.hidden(timeline.open.value.end));
  timeline.predict(false);
  assert.ok(!timeline.hidden(timeline.open.value.end));
});

test('another run is shown from its own end', () => {
  const timeline = createTimeline(frames());
  timeline.show(recorded('fits'));
  timeline.seekMoment(0);
  timeline.show(recorded('forbidden'));
  assert.equal(timeline.open.value.trace.outcome, 'Forbidden');
});

for (const [name, events, want] of [
  ['right', [{ key: 'ArrowRight' }], { do: 'step', count: 1, typed: '' }],
  ['shift left', [{ key: 'ArrowLeft', shiftKey: true }], { do: 'revision', count: -1, typed: '' }],
  ['space', [{ key: ' ' }], { do: 'play', typed: '' }],
  ['a digit', [{ key: '3' }], { do: 'screen', key: '3', typed: '' }],
  ['g 4 Enter', [{ key: 'g' }, { key: '4' }, { key: 'Enter' }], { do: 'goto', count: 4, typed: '' }],
  ['g 310 Enter', [{ key: 'g' }, { key: '3' }, { key: '1' }, { key: '0' }, { key: 'Enter' }], { do: 'goto', count: 310, typed: '' }],
  ['g Escape', [{ key: 'g' }, { key: 'Escape' }], { do: 'none', typed: '' }],
  ['g 4 Backspace', [{ key: 'g' }, { key: '4' }, { key: 'Backspace' }], { do: 'none', typed: 'g' }],
  ['the browser keeps its own', [{ key: 'ArrowRight', altKey: true }], { do: 'none', typed: '' }],
  ['another key', [{ key: 'x' }], { do: 'none', typed: '' }],
]) {
  test(`keys: ${name}`, () => {
    let result = { typed: '' };
    for (const event of events) result = command({ shiftKey: false, ...event }, result.typed);
    assert.deepEqual(result, want);
  });
}

test('while predicting, what has no time stays hidden', () => {
  const timeline = createTimeline(frames());
  timeline.show(recorded('fits'));
  assert.equal(timeline.hidden(NaN), false);
  timeline.predict(true);
  assert.equal(timeline.hidden(NaN), true);
});
