import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridOf, tileRatio, Tiles } from '../static/model/tiles.js';

const some = (count, groups = 1) => Array.from({ length: count }, (_, slot) => ({ slot, group: `zone-${slot % groups}` }));

function arranged(count, groups, size = { width: 1000, height: 600 }) {
  const tiles = new Tiles();
  tiles.arrange(some(count, groups), size);
  return tiles;
}

test('all tiles fit, and none is on another', async (t) => {
  for (const [count, groups, width, height] of [
    [1, 1, 1000, 600],
    [3, 3, 1000, 600],
    [100, 3, 1000, 600],
    [5000, 5, 1200, 700],
    [5000, 1, 360, 420],
    [300, 40, 1600, 900],
  ]) {
    await t.test(`${count} in ${groups} groups on ${width}×${height}`, () => {
      const tiles = arranged(count, groups, { width, height });
      const seen = new Set();
      for (const { slot } of some(count)) {
        const { x, y } = tiles.position(slot);
        assert.equal(tiles.at(x + 0.5, y + 0.5), slot);
        assert.equal(tiles.at(x + tiles.tile * tileRatio - 0.5, y + tiles.tile - 0.5), slot);
        seen.add(`${x.toFixed(2)} ${y.toFixed(2)}`);
      }
      assert.equal(seen.size, count);
      assert.ok(tiles.width <= width + 1e-6 && tiles.height <= height, `${tiles.width}×${tiles.height}`);
    });
  }
});

test('a node that comes or goes moves no other', () => {
  const tiles = arranged(100, 3);
  const before = some(100).map(({ slot }) => tiles.position(slot));
  tiles.remove(50);
  assert.equal(tiles.position(50), undefined);
  assert.ok(tiles.add(200, 'zone-2'));
  assert.deepEqual(tiles.position(200), before[50], 'the hole is taken');
  assert.ok(tiles.add(201, 'zone-0'));
  for (const { slot } of some(100)) if (slot !== 50) assert.deepEqual(tiles.position(slot), before[slot]);
});

test('without room, or for a new group, it says so', () => {
  const tiles = arranged(100, 3);
  assert.equal(tiles.add(200, 'zone-new'), false);
  let added = 0;
  while (tiles.add(1000 + added, 'zone-1')) added++;
  assert.ok(added >= 3 && added < 200, String(added));
});

test('a step goes to the next tile, over holes and groups, and not beyond the edge', () => {
  const tiles = arranged(60, 3);
  const [first] = tiles.groups;
  const start = first.slots[0];
  assert.equal(tiles.step(start, -1, 0), start);
  assert.equal(tiles.step(start, 0, -1), start);
  tiles.remove(first.slots[1]);
  assert.equal(tiles.step(start, 1, 0), first.slots[2] ?? tiles.groups[1].slots[0]);
  assert.equal(tiles.step(first.slots[first.columns - 1] >= 0 ? first.slots[first.columns - 1] : start, 1, 0), tiles.groups[1].slots[0]);
  assert.equal(tiles.step(999, 1, 0), tiles.first());
});

test('the grid of a tile grows in steps', () => {
  assert.deepEqual([0, 4, 5, 16, 17, 110, 121, 250, 2000].map(gridOf), [2, 2, 3, 4, 6, 11, 11, 16, 48]);
});
