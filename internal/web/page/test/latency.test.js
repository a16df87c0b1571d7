import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decades, extent, waterfall } from '../static/model/latency.js';

const bucket = (low, high) => ({ low, high, count: 1, example: { resource: 'simpods', namespace: 'default', name: 'a', uid: 'u' } });
const hop = (id, p50, more = {}) => ({
  id,
  name: id,
  from: 'x',
  to: 'y',
  component: 'etcd',
  count: 5,
  p50,
  p90: 2 * p50,
  p99: 3 * p50,
  max: 4 * p50,
  buckets: [bucket(p50, 2 * p50)],
  ...more,
});

test('hops are laid end to end, without those that no pod has, and the whole beside them', () => {
  const hops = [hop('etcd', 100), hop('see', 0, { count: 0, buckets: null, unavailable: 'no spans' }), hop('bind', 50), hop('total', 170)];
  const { places, end } = waterfall(hops, 'p50');
  assert.deepEqual(
    [...places],
    [
      ['etcd', { begin: 0, end: 100 }],
      ['bind', { begin: 100, end: 150 }],
      ['total', { begin: 0, end: 170 }],
    ],
  );
  assert.equal(end, 170);
  assert.deepEqual(waterfall(hops, 'p99').places.get('bind'), { begin: 300, end: 450 });
});

test('the extent is in full decades', () => {
  assert.deepEqual(extent([hop('a', 4200), hop('b', 1_300_000)]), [1000, 10_000_000]);
  assert.deepEqual(extent([hop('a', 1000, { buckets: [bucket(1000, 10_000)] })]), [1000, 10_000]);
  assert.deepEqual(extent([hop('a', 0, { buckets: [bucket(0, 5)] })]), [1, 10]);
  assert.deepEqual(extent([]), [1e3, 1e9]);
  assert.deepEqual(decades([1000, 1e6]), [1e3, 1e4, 1e5, 1e6]);
});
