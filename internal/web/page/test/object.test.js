import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, onlyChanged, yamlLines } from '../static/model/object.js';
import { names, recorded } from './recorded.js';

const lines = (object) => yamlLines(object).map((each) => each.text);

test('an object is written as YAML', () => {
  assert.deepEqual(lines({ kind: 'SimPod', spec: { containers: [{ name: 'web', args: ['-v', 'true'], ports: [] }], labels: {} }, empty: '', number: 3, version: '1.10', multi: 'a\nb' }), [
    'kind: SimPod', 'spec:', '  containers:', '    - name: web', '      args:', '        - "-v"', '        - "true"', '      ports: []', '  labels: {}',
    'empty: ""', 'number: 3', 'version: "1.10"', 'multi: "a\\nb"',
  ]);
});

test('managedFields are known, so that they can be left out', () => {
  const managed = yamlLines({ metadata: { name: 'web', managedFields: [{ manager: 'a' }] } });
  assert.deepEqual(managed.map((each) => each.managed), [false, false, true, true]);
});

test('a difference keeps the lines that say where it is', () => {
  const before = { metadata: { name: 'web' }, spec: { a: 1, b: 2 } };
  const after = { metadata: { name: 'web' }, spec: { a: 1, b: 2, nodeName: 'node-2' } };
  assert.deepEqual(onlyChanged(difference(before, after)).map((each) => each.sign + each.text), [' spec:', '+  nodeName: node-2']);
});

test('a changed value is taken away and added', () => {
  const changes = difference({ status: { phase: 'Pending' } }, { status: { phase: 'Running' } });
  assert.deepEqual(changes.map((each) => each.sign + each.text), [' status:', '-  phase: Pending', '+  phase: Running']);
});

test('a removed object is taken away line by line, a new one added', () => {
  assert.ok(difference({ a: 1 }, null).every((each) => each.sign === '-'));
  assert.ok(difference(undefined, { a: 1 }).every((each) => each.sign === '+'));
  assert.deepEqual(onlyChanged(difference({ a: 1 }, { a: 1 })), []);
});

for (const name of names) {
  test(`${name}: the differences lead from each state to the next`, () => {
    const objects = recorded(name).states.map((each) => each.object).filter(Boolean);
    objects.forEach((object, index) => {
      const changes = difference(objects[index - 1], object);
      assert.deepEqual(changes.filter((each) => each.sign !== '-').map((each) => each.text), lines(object));
    });
  });
}
