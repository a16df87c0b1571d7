import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, parse, parsePlace, requestAddress, runAddress, showsRun } from '../static/timeline/address.js';

for (const hash of [
  '#/', '#/runs', '#/cluster?node=node-1', '#/run/simpods/default/web', '#/run/simpods/default/web?uid=u1&view=tracker&at=rev310',
  '#/run/nodes/-/n%2F1?at=36600us', '#/request/3121c9fa?view=evidence&at=step2&theme=dark',
]) {
  test(`${hash} is read and written the same`, () => assert.equal(format(parse(hash)), hash));
}

test('an address names run, view and cursor', () => {
  const route = parse('#/run/simpods/default/web?uid=u1&view=tracker&at=rev310');
  assert.deepEqual(route.subject, { resource: 'simpods', namespace: 'default', name: 'web', uid: 'u1' });
  assert.equal(route.view, 'tracker');
  assert.deepEqual(parsePlace(route.params.get('at')), { revision: 310 });
  assert.ok(showsRun(route));
  assert.ok(!showsRun(parse('#/cluster')));
});

test('no address is the newest run', () => {
  for (const hash of ['', '#', '#/']) assert.equal(parse(hash).screen, 'newest');
});

test('what cannot be decoded stays as it is', () => assert.equal(parse('#/%E0%A4%A').screen, '%E0%A4%A'));

for (const [text, want] of [
  ['step4', { step: 4 }], ['rev310', { revision: 310 }], ['moment7', { moment: 7 }], ['36600us', { t: 36600 }], ['start', { moment: -1 }],
  ['', null], [null, null], ['step', null], ['javascript:alert(1)', null],
]) {
  test(`place ${text}`, () => assert.deepEqual(parsePlace(text), want));
}

test('addresses of runs and requests', () => {
  assert.equal(runAddress({ resource: 'pods', namespace: 'a', name: 'b', uid: 'c' }, { view: 'table', at: 'step3' }), '#/run/pods/a/b?uid=c&view=table&at=step3');
  assert.equal(requestAddress('id'), '#/request/id');
});
