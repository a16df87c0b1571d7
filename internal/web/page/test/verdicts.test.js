import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictsOf } from '../static/model/verdicts.js';

const ok = (plugin) => ({ plugin, code: 'Success' });
const no = (plugin, ...reasons) => ({ plugin, code: 'Unschedulable', reasons });
const score = (plugin, weighted) => ({ plugin, raw: weighted, normalized: weighted, weight: 1, weighted });

const attempt = {
  attempt: 1,
  nodesTotal: 6,
  nodesEvaluated: 6,
  nodesFeasible: 3,
  node: 'b',
  nodes: [
    { name: 'a', feasible: true, total: 90, filters: [ok('NodeName')], scores: [score('Fit', 60), score('Taints', 30)] },
    { name: 'b', feasible: true, total: 90, filters: [ok('NodeName')], scores: [score('Fit', 50), score('Taints', 40)] },
    { name: 'c', feasible: true, total: 95, filters: [ok('NodeName')], scores: [score('Fit', 55), score('Taints', 40)] },
    { name: 'd', feasible: false, total: 0, filters: [ok('NodeName'), no('Fit', 'Insufficient cpu')] },
    { name: 'e', feasible: false, total: 0, filters: [no('NodeName', 'node(s) did not match the requested node name')] },
    { name: 'f', feasible: false, total: 0, filters: [ok('NodeName'), no('Fit', 'Insufficient cpu')] },
    { name: 'g', feasible: false, total: 0, filters: [ok('NodeName'), no('Fit', 'Insufficient cpu', 'Insufficient memory')] },
  ],
};

test('the chosen node is first, then the most points', () => {
  assert.deepEqual(
    verdictsOf(attempt).scored.map((n) => n.name),
    ['b', 'c', 'a'],
  );
});

test('plugins are ordered by what they gave most', () => {
  assert.deepEqual(verdictsOf(attempt).plugins, [
    { name: 'Fit', most: 60 },
    { name: 'Taints', most: 40 },
  ]);
});

test('rejected nodes are grouped by plugin and reasons, the largest group first', () => {
  const groups = verdictsOf(attempt).rejected.map((g) => [g.plugin, g.reasons, g.nodes.map((n) => n.name), g.filters]);
  assert.deepEqual(groups, [
    ['Fit', ['Insufficient cpu'], ['d', 'f'], ['NodeName', 'Fit']],
    ['NodeName', ['node(s) did not match the requested node name'], ['e'], ['NodeName']],
    ['Fit', ['Insufficient cpu', 'Insufficient memory'], ['g'], ['NodeName', 'Fit']],
  ]);
});

test('an attempt without verdicts has none', () => {
  assert.deepEqual(verdictsOf({ attempt: 1, nodesTotal: 0, nodesEvaluated: 0, nodesFeasible: 0 }), {
    fit: [],
    scored: [],
    plugins: [],
    rejected: [],
  });
});
