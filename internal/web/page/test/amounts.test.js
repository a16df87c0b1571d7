import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpu, memory, percent, rate } from '../static/model/amounts.js';
import { Histories } from '../static/model/history.js';
import { keepOrder } from '../static/model/order.js';

test('amounts have units and are not rounded into untruth', () => {
  assert.deepEqual(
    [0, 1, 250, 1000, 1500, 64000].map(cpu),
    ['0 cores', '1 millicore', '0.25 cores', '1 core', '1.5 cores', '64 cores'],
  );
  assert.deepEqual([0, 1023, 1024, 1536 * 1024, 2 ** 33, 2 ** 50].map(memory), ['0 B', '1,023 B', '1 KiB', '1.5 MiB', '8 GiB', '1 PiB']);
  assert.deepEqual([undefined, 0, 0.001, 0.5, 0.996, 1, 1.254].map(percent), ['none', '0 %', '< 1 %', '50 %', '> 99 %', '100 %', '125 %']);
  assert.deepEqual([0, 0.04, 0.4, 9.96, 101.4].map(rate), ['0', '< 0.1', '0.4', '10', '101']);
});

test('a history keeps the last numbers of a few names', () => {
  const histories = new Histories(3, 2);
  for (const value of [1, 2, 3, 4]) histories.add('a', value);
  histories.add('b', 9);
  assert.deepEqual([histories.of('a'), histories.of('b'), histories.of('none')], [[2, 3, 4], [9], []]);
  histories.add('a', 5);
  histories.add('c', 1);
  assert.deepEqual([histories.of('a'), histories.of('b'), histories.of('c')], [[3, 4, 5], [], [1]]);
});

test('an order stays: what is new comes last, what is gone leaves', () => {
  const compare = (a, b) => a - b;
  assert.deepEqual(keepOrder([3, 1, 2], [1, 2, 9, 0, 3], compare), [3, 1, 2, 0, 9]);
  assert.deepEqual(keepOrder([1, 2, 3], [2], compare), [2]);
});
