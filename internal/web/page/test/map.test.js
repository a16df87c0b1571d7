import assert from 'node:assert/strict';
import { test } from 'node:test';
import { along, fitting, layOut, touch } from '../static/model/map.js';
import { names, opened } from './recorded.js';

const actor = (id, kind = id) => ({ id, kind, name: id });
const usual = [actor('client'), actor('api-server'), actor('etcd'), actor('scheduler'), actor('controller-manager')];
const casts = [
  ['a SimPod', usual],
  ['a Pod', [...usual.slice(0, 4), actor('kubelet')]],
  ['everybody', [...usual, actor('kube-controller-manager', 'controller-manager'), actor('kubelet'), actor('client-2', 'client'), actor('client-3', 'client')]],
];
const nodes = Array.from({ length: 100 }, (_, i) => ({ name: `node-${i}` }));

for (const narrow of [false, true]) {
  for (const [name, actors] of casts) {
    test(`labels touch nothing on the ${narrow ? 'narrow' : 'wide'} map of ${name}`, () => {
      const map = layOut(actors, nodes, narrow);
      const chips = map.lanes.map((lane) => lane.chip && { ...lane.chip, name: lane.key }).filter(Boolean);
      const boxes = [...map.shapes.filter((each) => each.kind !== 'kubelet'), ...map.shapes.filter((each) => each.label.w).map((each) => ({ ...each.label, name: `${each.id}'s label` })), ...map.nodes];
      for (const [index, chip] of chips.entries()) {
        for (const other of [...boxes, ...chips.slice(index + 1)]) assert.ok(!touch(chip, other, 0), `${chip.name} touches ${other.name ?? other.id}`);
        assert.ok(chip.x - chip.w / 2 >= 0 && chip.x + chip.w / 2 <= map.width && chip.y >= 10 && chip.y <= map.height - 10);
      }
    });
  }
}

for (const narrow of [false, true]) {
  for (const [name, actors] of casts) {
    test(`names of components are whole on the ${narrow ? 'narrow' : 'wide'} map of ${name}`, () => {
      const map = layOut(actors, nodes, narrow);
      const labels = map.shapes.filter((each) => each.label.w).map((each) => ({ ...each.label, name: each.id }));
      for (const [index, label] of labels.entries()) {
        assert.ok(label.x - label.w / 2 >= 0 && label.x + label.w / 2 <= map.width, `the name of ${label.name} is cut off`);
        for (const other of labels.slice(index + 1)) assert.ok(!touch(label, other, 0), `the names of ${label.name} and ${other.name} touch`);
      }
      const lowest = Math.max(...map.nodes.map((box) => box.y + box.h / 2));
      assert.ok(map.nodesMoreAt - 12 >= lowest && map.nodesMoreAt < map.height, 'the number of further nodes stands on a node');
    });
  }
}

test('the usual cast has a label on each lane', () => {
  for (const narrow of [false, true]) {
    assert.deepEqual(layOut(usual, nodes.slice(0, 3), narrow).lanes.filter((lane) => !lane.chip).map((lane) => lane.key), []);
  }
});

test('a place does not depend on who else takes part', () => {
  const place = (actors, id) => layOut(actors, [], false).shapes.find((each) => each.id === id);
  const turned = [...usual].reverse();
  assert.deepEqual(place(turned, 'scheduler'), place(usual, 'scheduler'));
});

test('nodes beyond the map are counted', () => {
  const map = layOut(usual, nodes, false);
  assert.equal(map.nodes.length + map.nodesLeftOut, 100);
});

test('a message travels from one end of its lane to the other', () => {
  const [lane] = layOut(usual, [], false).lanes;
  assert.deepEqual([along(lane.points, 0).x, along(lane.points, 1).x], [lane.points[0].x, lane.points.at(-1).x]);
});

for (const name of names) {
  test(`${name}: every message has a lane`, () => {
    const open = opened(name);
    const keys = new Set(layOut(open.actors, open.nodes, false, open.messages).lanes.map((lane) => lane.key));
    for (const message of open.messages) assert.ok(keys.has(`${message.from}>${message.to}`) || message.from === message.to, message.id);
  });
}

for (const [most, want] of [[20, '4 bind ×2'], [7, 'bind ×2'], [6, '4 bind'], [4, 'bind'], [3, 'bi…']]) {
  test(`a label of ${most} characters is ${want}`, () => assert.equal(fitting('4 ', 'bind', ' ×2', most), want));
}
