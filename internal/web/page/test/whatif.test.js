import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, held, places, readResult, resultVersion, verdict } from '../static/model/whatif.js';

const where = {
  id: 'where', asks: 'Where does it stop?',
  choices: [{ id: 'a', says: 'At the scheduler', component: 'Scheduler' }, { id: 'b', says: 'At the API server', component: 'API server' }, { id: 'c', says: 'Nowhere' }],
};
const twice = { id: 'twice', asks: '?', choices: [{ id: 'a', says: '1', component: 'etcd' }, { id: 'b', says: '2', component: 'etcd' }] };
const experiment = { name: 'etcd-down', title: 'What is kept', before: '', steps: [], questions: [where, twice] };

test('a question can be answered in the flow where one choice means a component, in the order of a request', () => {
  assert.deepEqual(places(where).map((each) => [each.component, each.choice.id]), [['API server', 'b'], ['Scheduler', 'a']]);
  assert.deepEqual(places(twice), []);
});

for (const [name, answers, want] of [
  ['no answers', [], 'glassplane what-if run etcd-down'],
  ['some answers, which the command asks for', [['where', 'b']], 'glassplane what-if run etcd-down'],
  ['all answers, in the order of the questions', [['twice', 'a'], ['where', 'b']], 'glassplane what-if run etcd-down --answers=b,a'],
]) {
  test(`what to type with ${name}`, () => assert.equal(command(experiment, new Map(answers)), want));
}

const result = {
  schemaVersion: resultVersion, experiment, outcome: 'Differs', steps: [], tracker: [], questions: [],
  checks: [{ says: 'x', holds: true }, { says: 'y', holds: false }], invariants: [{ says: 'z', holds: true }], explanation: '',
};

test('a result is read, and its expectations are counted', () => {
  assert.deepEqual(held(readResult(JSON.stringify(result))), { holding: 2, of: 3 });
});

for (const [name, text, want] of [
  ['no JSON', 'etcd-down: AsExpected', /no JSON.*what-if run NAME -o json/],
  ['another document', '{"kind":"Pod"}', /has no schemaVersion/],
  ['a later version', JSON.stringify({ ...result, schemaVersion: 'glassplane.dev/what-if-result/v9' }), /what-if-result\/v9.*what-if-result\/v1 is read/],
  ['nothing', 'null', /has no schemaVersion/],
  ['half of it', JSON.stringify({ ...result, checks: undefined }), /not whole: its field checks is no list/],
  ['no experiment', JSON.stringify({ ...result, experiment: {} }), /which experiment/],
]) {
  test(`not opened: ${name}`, () => assert.throws(() => readResult(text), want));
}

for (const [want, question] of [
  ['right', { predicted: 'b', right: ['b'] }], ['wrong', { predicted: 'a', right: ['b'] }],
  ['none', { right: ['b'] }], ['unexpected', { predicted: 'a', right: [] }],
]) {
  test(`a prediction is ${want}`, () => assert.equal(verdict({ ...where, ...question }), want));
}
