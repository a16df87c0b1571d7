import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunList, shortHeadline } from '../static/model/runs.js';

const run = (name, sequence, more = {}) => ({
  object: { resource: 'simpods', namespace: 'default', name, uid: `uid-${name}`, ...more.object },
  sequence,
  lastSeen: '2026-01-01T00:00:00Z',
  entries: 1,
  outcome: 'Running',
  headline: `${name} runs`,
  ...more,
  ...(more.object ? { object: { resource: 'simpods', namespace: 'default', name, uid: `uid-${name}`, ...more.object } } : {}),
});
const names = (list) => list.order.map((key) => list.runs.get(key).object.name);

test('new runs come on top, changed ones keep their row', () => {
  const list = new RunList();
  list.append([run('c', 3), run('b', 2)]);
  list.take([run('e', 5), run('b', 6, { outcome: 'Succeeded' }), run('d', 4)], false);
  assert.deepEqual(names(list), ['e', 'd', 'c', 'b']);
  assert.equal(list.runs.get(list.order[3]).outcome, 'Succeeded');
});

test('what is older than what is known changes nothing', () => {
  const list = new RunList();
  list.take([run('a', 7, { outcome: 'Succeeded' })], false);
  list.take([run('a', 5)], false);
  list.append([run('a', 1)]);
  assert.equal(list.runs.get(list.order[0]).outcome, 'Succeeded');
});

test('new runs wait while the reader is elsewhere', () => {
  const list = new RunList();
  list.append([run('a', 1)]);
  list.take([run('b', 2)], true);
  list.take([run('c', 3), run('a', 4, { outcome: 'Deleted' })], true);
  assert.deepEqual([names(list), list.held.length], [['a'], 2]);
  assert.equal(list.runs.get(list.order[0]).outcome, 'Deleted');
  list.release();
  assert.deepEqual([names(list), list.held.length], [['c', 'b', 'a'], 0]);
});

test('two objects of one name are two runs', () => {
  const list = new RunList();
  list.append([run('a', 2), run('a', 1, { object: { uid: 'other' } }), run('a', 3, { object: { resource: 'pods' } })]);
  assert.equal(list.order.length, 3);
});

test('the list is bounded, and counts what it leaves out', () => {
  const list = new RunList();
  for (let i = 0; i < 60; i++)
    list.take(
      Array.from({ length: 100 }, (_, k) => run(`p-${i}-${k}`, i * 100 + k)),
      false,
    );
  assert.deepEqual([list.order.length, list.runs.size, list.forgotten, list.full], [5000, 5000, 1000, true]);
  assert.equal(names(list)[0], 'p-59-99');
  for (let i = 60; i < 120; i++)
    list.take(
      Array.from({ length: 100 }, (_, k) => run(`p-${i}-${k}`, i * 100 + k)),
      true,
    );
  assert.ok(list.held.length <= 5000 && list.runs.size <= 5000, `${list.held.length} ${list.runs.size}`);
});

test('filters', () => {
  const list = new RunList();
  list.append([
    run('web', 4),
    run('db', 3, { object: { namespace: 'shop' } }),
    run('job', 2, { outcome: 'Failed', headline: 'It ended with exit code 3.' }),
    run('real', 1, { object: { resource: 'pods' } }),
  ]);
  const none = { search: '', namespace: '', resource: '', outcome: '' };
  const matching = (filter) => list.matching({ ...none, ...filter }).map((each) => each.object.name);
  assert.deepEqual(matching({}), ['web', 'db', 'job', 'real']);
  assert.deepEqual(matching({ search: 'SHOP/d' }), ['db']);
  assert.deepEqual(matching({ search: 'exit code' }), ['job']);
  assert.deepEqual(matching({ namespace: 'shop' }), ['db']);
  assert.deepEqual(matching({ resource: 'pods' }), ['real']);
  assert.deepEqual(matching({ outcome: 'Failed' }), ['job']);
  assert.deepEqual(list.counts(), {
    namespaces: ['default', 'shop'],
    resources: ['pods', 'simpods'],
    outcomes: [
      ['Running', 3],
      ['Failed', 1],
    ],
  });
});

test('the newest request is first, whatever was seen last', () => {
  const list = new RunList();
  list.append([run('waits', 9, { requestedAt: '2026-01-01T00:00:01Z' }), run('done', 5, { requestedAt: '2026-01-01T00:00:02Z' })]);
  assert.deepEqual(names(list), ['done', 'waits']);
});

test('a headline does not say again what is beside it', () => {
  const cases = [
    ['simpods.sim.glassplane.dev default/web: Running, runs on node-1', 'Running', 'runs on node-1'],
    ['The request to create simpods default/x: Rejected, it is: Rejected, twice', 'Rejected', 'it is: Rejected, twice'],
    ['Something else', 'Running', 'Something else'],
    [undefined, undefined, ''],
  ];
  for (const [headline, outcome, want] of cases) assert.equal(shortHeadline(headline, outcome), want);
});
