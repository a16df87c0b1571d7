import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, clock, dayAndClock, duration, micros, offset } from '../static/model/time.js';

test('a time keeps its microseconds', () => {
  assert.equal(micros('2026-11-28T01:33:25.099826Z') - micros('2026-11-28T01:33:25.096213Z'), 3613);
  assert.equal(micros('2026-11-28T01:33:25Z') % 1e6, 0);
  assert.ok(Number.isNaN(micros(null)));
  assert.ok(Number.isNaN(micros('')));
});

for (const [length, want] of [
  [0, '0 ms'], [1, '1 µs'], [81, '81 µs'], [999, '999 µs'], [1000, '1 ms'], [36_600, '36.6 ms'], [123_456, '123 ms'],
  [1_370_000, '1.37 s'], [30_000_000, '30 s'], [90_000_000, '1.5 min'], [7_200_000_000, '2 h'], [-2500, '-2.5 ms'], [NaN, 'unknown'],
]) {
  test(`${length} µs are ${want}`, () => assert.equal(duration(length), want));
}

test('more digits tell two times apart', () => {
  assert.equal(duration(5_021_000), '5.02 s');
  assert.equal(duration(5_021_000, 1), '5.021 s');
});

test('an offset says on which side of the begin it is', () => {
  assert.equal(offset(36_600), '+36.6 ms');
  assert.equal(offset(-5), '−5 µs');
  assert.equal(offset(NaN), 'no time');
});

test('times of day are those of the source', () => {
  assert.equal(clock('2026-11-28T01:33:25.099826Z'), '01:33:25.099826');
  assert.equal(clock(undefined), 'no time');
  assert.equal(dayAndClock('2026-11-28T01:33:25.099826Z'), '2026-11-28 01:33:25 UTC');
});

test('two times are told apart', () => {
  assert.equal(between(9_000, 9_000), 'at +9 ms');
  assert.equal(between(9_000, 12_000), '+9 ms → +12 ms');
  assert.equal(between(9_001, 9_003), '+9.001 ms → +9.003 ms');
});
