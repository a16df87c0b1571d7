import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byName, Cells, Cluster, fill, phases } from '../static/model/cluster.js';

const queues = { available: false, reason: 'off', active: 0, backoff: 0, unschedulable: 0, gated: 0, inFlight: 0 };
const rates = { window: '10s', components: [], watchEvents: 0, available: true };

const node = (id, more = {}) => ({
  id,
  name: `node-${id}`,
  kind: 'SimNode',
  zone: `zone-${id % 2}`,
  ready: true,
  allocatable: { cpu: 4000, memory: 2 ** 33, pods: 110 },
  requested: { cpu: 0, memory: 0, pods: 0 },
  ...more,
});

/** columns of pods given as [id, namespace, name, node, phase]. */
function columns(pods) {
  const namespaces = [...new Set(pods.map((p) => p[1]))];
  return {
    id: pods.map((p) => p[0]),
    namespace: pods.map((p) => namespaces.indexOf(p[1])),
    namespaces,
    name: pods.map((p) => p[2]),
    node: pods.map((p) => p[3]),
    phase: pods.map((p) => phases.indexOf(p[4])),
    phases,
    cpu: pods.map((p) => p[0] * 100),
    memory: pods.map(() => 64),
    real: pods.map(() => 0),
  };
}

const snapshot = (sequence, nodes, pods, more = {}) => ({
  epoch: 'e',
  sequence,
  collectedAt: '2026-01-01T00:00:00Z',
  nodes,
  pods: columns(pods),
  queues,
  rates,
  ...more,
});

const delta = (from, to, more) => ({ epoch: 'e', from, to, collectedAt: '2026-01-01T00:00:01Z', queues, rates, ...more });

/** content is what a cluster holds, whatever its slots and places are. */
function content(cluster) {
  const pods = [...cluster.podSlots.values()].map((slot) => {
    const { node: n, ...pod } = cluster.pod(slot);
    return { ...pod, node: n?.name };
  });
  return {
    sequence: cluster.sequence,
    nodes: cluster.nodes.filter(Boolean).sort((a, b) => a.id - b.id),
    pods: pods.sort((a, b) => a.id - b.id),
    perNode: Object.fromEntries(cluster.nodes.flatMap((n, slot) => (n ? [[n.name, cluster.cells[slot].count]] : []))),
    waiting: cluster.waiting.count,
    phaseCounts: cluster.phaseCounts,
    matchCount: cluster.matchCount,
  };
}

const of = (s) => {
  const cluster = new Cluster();
  cluster.snapshot(s);
  return cluster;
};

const nodes = [node(1), node(2), node(3)];
const pods = [
  [1, 'a', 'web-1', 1, 'Running'],
  [2, 'a', 'web-2', 1, 'Starting'],
  [3, 'b', 'db', 2, 'Running'],
  [4, 'b', 'job', 0, 'Pending'],
];

test('a change leads to what a snapshot after it says', async (t) => {
  const cases = [
    {
      name: 'a pod gets a node',
      change: { changed: columns([[4, 'b', 'job', 3, 'Starting']]) },
      nodes,
      pods: [...pods.slice(0, 3), [4, 'b', 'job', 3, 'Starting']],
    },
    {
      name: 'a pod has another phase',
      change: { changed: columns([[2, 'a', 'web-2', 1, 'Running']]) },
      nodes,
      pods: [pods[0], [2, 'a', 'web-2', 1, 'Running'], pods[2], pods[3]],
    },
    {
      name: 'a pod is new, in a namespace that is new',
      change: { changed: columns([[9, 'c', 'new', 0, 'Gated']]) },
      nodes,
      pods: [...pods, [9, 'c', 'new', 0, 'Gated']],
    },
    { name: 'pods are gone', change: { removed: [1, 4] }, nodes, pods: [pods[1], pods[2]] },
    { name: 'a pod that was never known is gone', change: { removed: [77] }, nodes, pods },
    {
      name: 'a node is new, with a pod',
      change: { nodes: [node(5)], changed: columns([[9, 'a', 'x', 5, 'Running']]) },
      nodes: [...nodes, node(5)],
      pods: [...pods, [9, 'a', 'x', 5, 'Running']],
    },
    {
      name: 'a node is cordoned',
      change: { nodes: [node(2, { unschedulable: true })] },
      nodes: [nodes[0], node(2, { unschedulable: true }), nodes[2]],
      pods,
    },
    { name: 'a node is gone with its pods', change: { nodesRemoved: [1], removed: [1, 2] }, nodes: nodes.slice(1), pods: pods.slice(2) },
    { name: 'a node is gone before its pods', change: { nodesRemoved: [1] }, nodes: nodes.slice(1), pods },
  ];
  for (const c of cases) {
    await t.test(c.name, () => {
      const cluster = of(snapshot(1, nodes, pods));
      assert.equal(cluster.delta(delta(1, 2, c.change)), true);
      assert.deepEqual(content(cluster), content(of(snapshot(2, c.nodes, c.pods))));
    });
  }
});

test('many random changes lead to what a snapshot after them says', () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const truth = new Map(pods.map((p) => [p[0], p]));
  const cluster = of(snapshot(0, nodes, pods));
  let next = 10;
  let most = 0;
  for (let sequence = 1; sequence <= 3000; sequence++) {
    const changed = [];
    const removed = [];
    for (let i = 0; i < 4; i++) {
      const ids = [...truth.keys()];
      const id = random(3) === 0 || !ids.length ? next++ : ids[random(ids.length)];
      if (random(4) === 0 && truth.delete(id)) {
        removed.push(id);
        continue;
      }
      const pod = [id, 'ns' + random(3), 'pod-' + id, random(4), phases[random(phases.length)]];
      truth.set(id, pod);
      changed.push(pod);
    }
    most = Math.max(most, truth.size);
    const last = new Map(changed.map((p) => [p[0], p]));
    const kept = [...last.values()].filter((p) => truth.has(p[0]));
    assert.ok(cluster.delta(delta(sequence - 1, sequence, { changed: columns(kept), removed })));
  }
  assert.deepEqual(content(cluster), content(of(snapshot(3000, nodes, [...truth.values()]))));
  assert.ok(cluster.podEnd <= most + 4, 'slots of pods that are gone are used again');
});

test('a change that does not follow is not applied', () => {
  for (const d of [delta(5, 6, { removed: [1] }), { ...delta(1, 2, { removed: [1] }), epoch: 'other' }]) {
    const cluster = of(snapshot(1, nodes, pods));
    assert.equal(cluster.delta(d), false);
    assert.equal(cluster.podCount, 4);
  }
});

test('a snapshot of the same epoch leaves all that stays in its place', () => {
  const cluster = of(snapshot(1, nodes, pods));
  const places = new Map([...cluster.podSlots].map(([id, slot]) => [id, [slot, cluster.place[slot]]]));
  cluster.takeChanges();
  cluster.snapshot(snapshot(9, nodes, [pods[2], pods[1], pods[3]]));
  for (const id of [2, 3, 4]) {
    const slot = cluster.podSlots.get(id);
    assert.deepEqual([slot, cluster.place[slot]], places.get(id));
  }
  const changes = cluster.takeChanges();
  assert.deepEqual([changes.all, [...changes.pods], changes.nodesAdded], [false, [], []]);
});

test('another epoch begins anew', () => {
  const cluster = of(snapshot(5, nodes, pods));
  cluster.setFilter({ namespace: 'a' });
  cluster.snapshot({ ...snapshot(1, [node(8)], [[1, 'a', 'x', 8, 'Running']]), epoch: 'f' });
  assert.deepEqual([cluster.podCount, cluster.nodeCount, cluster.sequence, cluster.matchCount], [1, 1, 1, 1]);
});

test('namespaces without pods are forgotten', () => {
  const cluster = of(snapshot(0, nodes, []));
  for (let i = 0; i < 500; i++) {
    const ids = [3 * i + 1, 3 * i + 2];
    const more = { changed: columns(ids.map((id) => [id, `ns-${id}`, 'x', 1, 'Running'])), removed: i ? [3 * i - 2] : [] };
    assert.ok(cluster.delta(delta(i, i + 1, more)));
    if (i % 2) assert.ok(cluster.delta(delta(i + 1, i + 1, { removed: [3 * i - 1, 3 * i + 2] })));
  }
  const names = cluster.namespaces.filter(Boolean);
  assert.equal(cluster.namespaces.length < 10, true, `${cluster.namespaces.length} are kept`);
  assert.deepEqual(names.length, cluster.podCount);
  for (const slot of cluster.podSlots.values()) assert.equal(cluster.pod(slot).namespace, `ns-${cluster.id[slot]}`);
});

test('an empty cluster is one, and may fill', () => {
  const none = { id: null, namespace: null, namespaces: null, name: null, node: null, phase: null, phases: null, cpu: null, memory: null, real: null };
  const cluster = new Cluster();
  cluster.snapshot({ ...snapshot(1, [], []), nodes: null, pods: none });
  assert.deepEqual([cluster.podCount, cluster.nodeCount], [0, 0]);
  assert.ok(cluster.delta(delta(1, 2, { nodes, changed: columns(pods) })));
  assert.deepEqual(content(cluster), content(of(snapshot(2, nodes, pods))));
});

test('a pod that is told of before its node gets its place when the node comes', () => {
  const cluster = of(snapshot(1, [], [[1, 'a', 'x', 3, 'Running']]));
  assert.equal(cluster.pod(cluster.podSlots.get(1)).nodeKnown, false);
  cluster.delta(delta(1, 2, { nodes: [node(3)] }));
  assert.equal(cluster.cells[cluster.findNode('node-3')].count, 1);
});

test('filters', async (t) => {
  const cases = [
    { name: 'none', filter: {}, want: [1, 2, 3, 4] },
    { name: 'namespace', filter: { namespace: 'a' }, want: [1, 2] },
    { name: 'a namespace that is not there', filter: { namespace: 'zz' }, want: [] },
    { name: 'phases', filter: { phases: new Set(['Running', 'Pending']) }, want: [1, 3, 4] },
    { name: 'search in the name, whatever its case', filter: { search: 'WEB' }, want: [1, 2] },
    { name: 'search by namespace/name', filter: { search: 'b/j' }, want: [4] },
    { name: 'search by node', filter: { search: 'node-1' }, want: [1, 2] },
    { name: 'label selector', filter: { ids: new Set([3, 99]) }, want: [3] },
    { name: 'all of them', filter: { namespace: 'a', phases: new Set(['Running']), search: 'web' }, want: [1] },
  ];
  for (const c of cases) {
    await t.test(c.name, () => {
      const cluster = of(snapshot(1, nodes, pods));
      cluster.setFilter(c.filter);
      const matching = () =>
        [...cluster.podSlots]
          .filter(([, slot]) => cluster.matches[slot])
          .map(([id]) => id)
          .sort();
      assert.deepEqual(matching(), c.want);
      assert.equal(cluster.matchCount, c.want.length);
    });
  }
});

test('a filter holds for what comes later', () => {
  const cluster = of(snapshot(1, nodes, pods));
  cluster.setFilter({ phases: new Set(['Running']) });
  cluster.delta(
    delta(1, 2, {
      changed: columns([
        [2, 'a', 'web-2', 1, 'Running'],
        [3, 'b', 'db', 2, 'Failed'],
      ]),
    }),
  );
  assert.equal(cluster.matchCount, 2);
  assert.deepEqual(
    [1, 2, 3].map((id) => cluster.nodeWanted(cluster.nodeSlots.get(id))),
    [true, false, false],
  );
});

test('changes name what looks different, once', () => {
  const cluster = of(snapshot(1, nodes, pods));
  assert.equal(cluster.takeChanges().all, true);
  cluster.delta(delta(1, 2, { changed: columns([[4, 'b', 'job', 2, 'Starting']]) }));
  const changes = cluster.takeChanges();
  assert.deepEqual([...changes.nodes], [cluster.findNode('node-2')]);
  assert.deepEqual(
    [...changes.pods].map((slot) => cluster.name[slot]),
    ['job'],
  );
  assert.equal(changes.waiting, true);
  assert.equal(cluster.takeChanges().nodes.size, 0);
});

test('a pod keeps its place, and a hole is taken first', () => {
  const cells = new Cells();
  for (const slot of [10, 11, 12, 13]) cells.take(slot);
  cells.leave(1);
  cells.leave(2);
  assert.deepEqual([cells.slots, cells.count], [[10, -1, -1, 13], 2]);
  assert.deepEqual([cells.take(20), cells.take(21), cells.take(22)], [1, 2, 4]);
  cells.leave(4);
  cells.leave(3);
  assert.deepEqual(cells.slots, [10, 20, 21]);
});

test('fill is what is asked of what there is', () => {
  const n = node(1, { requested: { cpu: 5000, memory: 2 ** 31, pods: 11 }, allocatable: { cpu: 4000, memory: 2 ** 33, pods: 0 } });
  assert.deepEqual([fill(n, 'cpu'), fill(n, 'memory'), fill(n, 'pods')], [1.25, 0.25, undefined]);
});

test('nodes are ordered as people count', () => {
  const names = ['node-10', 'node-9', 'a', 'node-1'].map((name) => ({ name }));
  assert.deepEqual(
    names.sort(byName).map((n) => n.name),
    ['a', 'node-1', 'node-9', 'node-10'],
  );
});

test('names with numbers are in the order of their numbers', () => {
  const sorted = ['node-10', 'node-2', 'a', 'node-2b', 'node-02', 'node-1000000000000', ''].map((name) => ({ name })).sort(byName);
  assert.deepEqual(sorted.map(({ name }) => name), ['', 'a', 'node-2', 'node-02', 'node-2b', 'node-10', 'node-1000000000000']);
});
