import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newer } from '../static/timeline/newest.js';

const item = (name, sequence, second) => ({
  object: { resource: 'simpods', namespace: 'default', name, uid: name }, sequence,
  requestedAt: second === undefined ? undefined : `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`,
});

test('the newest is that of the latest request', () => {
  const first = newer([item('old', 9, 1), item('new', 5, 3)], null);
  assert.equal(first.subject.name, 'new');
  assert.equal(newer([item('old', 12, 1)], first), null, 'more of an older request is no newer one');
  assert.equal(newer([item('new', 13, 3)], first), null);
  assert.equal(newer([item('newer', 14, 4)], first).subject.name, 'newer');
});

test('without an audit log the order of what is recorded decides', () => {
  const first = newer([item('a', 1), item('b', 2)], null);
  assert.equal(first.subject.name, 'b');
  assert.equal(newer([item('b', 5)], first), null);
  assert.equal(newer([item('c', 6)], first).subject.name, 'c');
  assert.equal(newer([item('d', 3, 1)], first).subject.name, 'd', 'a request that is known comes first');
});

test('nothing is no newest', () => {
  assert.equal(newer([], null), null);
  assert.equal(newer(undefined, null), null);
});
