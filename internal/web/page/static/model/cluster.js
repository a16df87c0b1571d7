// The cluster as its stream tells it: a snapshot, then what changed. Pods are
// columns of numbers, so that 50,000 of them stay small.

/**
 * @typedef {{cpu: number, memory: number, pods: number}} Amounts CPU in millicores, memory in bytes
 *
 * @typedef {object} Node
 * @property {number} id
 * @property {string} name
 * @property {string} kind
 * @property {string} [zone]
 * @property {boolean} ready
 * @property {boolean} [unschedulable]
 * @property {boolean} [unseen] only pods name it
 * @property {string[]} [taints]
 * @property {Amounts} allocatable
 * @property {Amounts} requested
 * @property {Record<string, string>} [labels]
 *
 * @typedef {object} PodColumns
 * @property {number[]|null} id
 * @property {number[]} namespace
 * @property {string[]|null} namespaces
 * @property {string[]} name
 * @property {number[]} node
 * @property {number[]} phase
 * @property {string[]|null} phases
 * @property {number[]} cpu
 * @property {number[]} memory
 * @property {number[]} real
 *
 * @typedef {object} Waiting
 * @property {string} namespace
 * @property {string} name
 * @property {string} queue
 * @property {string} [since]
 * @property {number} [place] in its queue, from 1
 * @property {number} attempts
 * @property {number} priority
 * @property {string} [for]
 * @property {string[]} [plugins]
 * @property {string} [backoffEnds]
 *
 * @typedef {object} Queues
 * @property {boolean} available
 * @property {string} [reason]
 * @property {number} active
 * @property {number} backoff
 * @property {number} unschedulable
 * @property {number} gated
 * @property {number} inFlight
 * @property {Waiting[]} [waiting]
 *
 * @typedef {{component: string, writes: number, reads: number, refused: number}} Rate
 *
 * @typedef {object} Rates
 * @property {string|number} window
 * @property {Rate[]} components
 * @property {number} watchEvents
 * @property {boolean} available
 * @property {string} [reason]
 *
 * @typedef {object} Snapshot
 * @property {string} epoch
 * @property {number} sequence
 * @property {string} collectedAt
 * @property {Node[]|null} nodes
 * @property {PodColumns} pods
 * @property {Queues} queues
 * @property {Rates} rates
 * @property {string[]} [unavailable]
 * @property {number} [nodesOmitted]
 * @property {number} [podsOmitted]
 *
 * @typedef {object} Delta
 * @property {string} epoch
 * @property {number} from
 * @property {number} to
 * @property {string} collectedAt
 * @property {Node[]} [nodes]
 * @property {number[]} [nodesRemoved]
 * @property {PodColumns} [changed]
 * @property {number[]} [removed]
 * @property {Queues} queues
 * @property {Rates} rates
 * @property {string[]} [unavailable]
 * @property {number} [nodesOmitted]
 * @property {number} [podsOmitted]
 *
 * Filter says which pods are wanted. An empty part wants all.
 * @typedef {object} Filter
 * @property {string} [search] part of namespace/name or of the node's name
 * @property {string} [namespace]
 * @property {Set<string>} [phases]
 * @property {Set<number>} [ids] those that a label selector chose
 */

/** The phases in the order in which a pod may go through them. */
export const phases = ['Pending', 'Unschedulable', 'Gated', 'Starting', 'Running', 'NotReady', 'Succeeded', 'Failed', 'Terminating'];

/** The phases that somebody may have to do something about. */
export const troubled = new Set(['Unschedulable', 'NotReady', 'Failed']);

const firstCapacity = 1024;

/**
 * Cells are the places of the pods of one node. A pod keeps its place; one that
 * goes leaves a hole, which the next one takes, so that nothing moves.
 */
export class Cells {
  constructor() {
    /** @type {number[]} slots of pods, or -1 */
    this.slots = [];
    this.count = 0;
    // No hole is before this place.
    this.firstHole = 0;
  }

  /** @param {number} slot */
  take(slot) {
    const { slots } = this;
    this.count++;
    while (this.firstHole < slots.length && slots[this.firstHole] >= 0) this.firstHole++;
    slots[this.firstHole] = slot;
    return this.firstHole++;
  }

  /** @param {number} place */
  leave(place) {
    const { slots } = this;
    this.count--;
    slots[place] = -1;
    while (slots.length && slots[slots.length - 1] < 0) slots.pop();
    this.firstHole = Math.min(this.firstHole, place, slots.length);
  }
}

/**
 * Cluster is the state at a sequence number. A pod has a slot, an index into the
 * columns, and so has a node; both keep it while they exist.
 */
export class Cluster {
  epoch = '';
  sequence = 0;
  collectedAt = '';
  /** @type {(Node|undefined)[]} by slot */
  nodes = [];
  /** @type {Map<number, number>} slot by ID */
  nodeSlots = new Map();
  /** @type {Cells[]} by the node's slot */
  cells = [];
  /** Pods that have no node. */
  waiting = new Cells();
  /** Pods whose node is not known. */
  orphans = 0;
  /** @type {number[]} */
  freeNodes = [];
  /** @type {Map<number, number>} slot by ID */
  podSlots = new Map();
  /** @type {number[]} */
  freePods = [];
  /** No slot of a pod is at or after it. */
  podEnd = 0;
  id = new Uint32Array(firstCapacity);
  /** ID of the pod's node; 0 for none. */
  node = new Uint32Array(firstCapacity);
  /** Place among the cells of its node; -1 where the node is not known. */
  place = new Int32Array(firstCapacity);
  /** Index into phases. */
  phase = new Uint8Array(firstCapacity);
  /** Index into namespaces. */
  namespace = new Uint32Array(firstCapacity);
  /** Millicores. */
  cpu = new Float64Array(firstCapacity);
  /** MiB. */
  memory = new Float64Array(firstCapacity);
  /** 1 for a Pod, 0 for a SimPod. */
  real = new Uint8Array(firstCapacity);
  /** 1 where the filter wants it. */
  matches = new Uint8Array(firstCapacity);
  /** @type {string[]} */
  name = [];
  /** Names of namespaces by their index; empty for one that is free. @type {string[]} */
  namespaces = [];
  /** Pods of each namespace. @type {number[]} */
  namespaceCounts = [];
  /** @type {number[]} */
  freeNamespaces = [];
  phases = [...phases];
  /** Pods of each phase. */
  phaseCounts = new Array(phases.length).fill(0);
  /** @type {Queues|undefined} */
  queues = undefined;
  /** @type {Rates|undefined} */
  rates = undefined;
  /** @type {string[]} */
  unavailable = [];
  nodesOmitted = 0;
  podsOmitted = 0;
  /** @type {Filter} */
  filter = {};
  /** Pods that the filter wants. */
  matchCount = 0;
  /** What changed since somebody last took it. */
  changes = emptyChanges();

  /** restart forgets all but the filter. @param {string} epoch */
  restart(epoch) {
    Object.assign(this, new Cluster(), { filter: this.filter, epoch });
    this.changes.all = true;
    this.changes.restarted = true;
  }

  /**
   * keep removes all others.
   * @param {Set<number>} nodes
   * @param {Set<number>} pods
   */
  keep(nodes, pods) {
    for (const id of [...this.podSlots.keys()]) if (!pods.has(id)) this.removePod(id);
    for (const id of [...this.nodeSlots.keys()]) if (!nodes.has(id)) this.removeNode(id);
  }

  /** reserve makes room for a number of pods, at least. @param {number} pods */
  reserve(pods) {
    let capacity = this.id.length;
    while (capacity < pods) capacity *= 2;
    if (capacity === this.id.length) return;
    /**
     * @template {Uint32Array|Int32Array|Uint8Array|Float64Array} T
     * @param {T} old
     * @returns {T}
     */
    const grown = (old) => {
      const column = new /** @type {any} */ (old.constructor)(capacity);
      column.set(old);
      return column;
    };
    this.id = grown(this.id);
    this.node = grown(this.node);
    this.place = grown(this.place);
    this.phase = grown(this.phase);
    this.namespace = grown(this.namespace);
    this.cpu = grown(this.cpu);
    this.memory = grown(this.memory);
    this.real = grown(this.real);
    this.matches = grown(this.matches);
  }

  get podCount() {
    return this.podSlots.size;
  }

  get nodeCount() {
    return this.nodeSlots.size;
  }

  /**
   * snapshot brings the cluster to the state of a snapshot. One of the same epoch
   * is taken as a difference, so that what stays keeps its place.
   * @param {Snapshot} snapshot
   */
  snapshot(snapshot) {
    const nodes = snapshot.nodes ?? [];
    if (snapshot.epoch !== this.epoch) this.restart(snapshot.epoch);
    else this.keep(new Set(nodes.map((n) => n.id)), new Set(snapshot.pods.id ?? []));
    this.reserve(snapshot.pods.id?.length ?? 0);
    for (const node of nodes) this.setNode(node);
    this.setPods(snapshot.pods);
    this.setRest(snapshot, snapshot.sequence);
  }

  /**
   * delta applies a change. It is false where the change does not follow from the
   * state: then a snapshot is needed.
   * @param {Delta} delta
   */
  delta(delta) {
    if (delta.epoch !== this.epoch || delta.from > this.sequence) return false;
    if (delta.to < this.sequence) return true;
    for (const id of delta.removed ?? []) this.removePod(id);
    for (const id of delta.nodesRemoved ?? []) this.removeNode(id);
    for (const node of delta.nodes ?? []) this.setNode(node);
    if (delta.changed) this.setPods(delta.changed);
    this.setRest(delta, delta.to);
    return true;
  }

  /**
   * @param {Snapshot|Delta} from
   * @param {number} sequence
   */
  setRest(from, sequence) {
    this.sequence = sequence;
    this.collectedAt = from.collectedAt;
    this.queues = from.queues;
    this.rates = from.rates;
    this.unavailable = from.unavailable ?? [];
    this.nodesOmitted = from.nodesOmitted ?? 0;
    this.podsOmitted = from.podsOmitted ?? 0;
  }

  /** @param {Node} node */
  setNode(node) {
    let slot = this.nodeSlots.get(node.id);
    if (slot === undefined) {
      slot = this.freeNodes.pop() ?? this.nodes.length;
      this.nodeSlots.set(node.id, slot);
      this.cells[slot] = new Cells();
      this.nodes[slot] = node;
      this.changes.nodesAdded.push(slot);
      this.adopt(node.id);
    } else if (this.nodes[slot]?.zone !== node.zone) {
      this.changes.nodesMoved.push(slot);
    }
    this.nodes[slot] = node;
    this.changes.nodes.add(slot);
  }

  /** adopt places pods that were told of before their node. @param {number} id */
  adopt(id) {
    if (!this.orphans) return;
    for (let slot = 0; slot < this.podEnd; slot++) {
      if (this.node[slot] === id && this.podSlots.get(this.id[slot]) === slot && this.place[slot] < 0) {
        this.orphans--;
        this.takePlace(slot);
      }
    }
  }

  /** @param {number} id */
  removeNode(id) {
    const slot = this.nodeSlots.get(id);
    if (slot === undefined) return;
    for (const pod of this.cells[slot].slots) {
      if (pod < 0) continue;
      this.place[pod] = -1;
      this.orphans++;
    }
    this.nodeSlots.delete(id);
    this.nodes[slot] = undefined;
    this.cells[slot] = new Cells();
    this.freeNodes.push(slot);
    this.changes.nodesRemoved.push(slot);
    this.changes.nodes.add(slot);
  }

  /** @param {PodColumns} pods */
  setPods(pods) {
    const ids = pods.id ?? [];
    /** @type {number[]} */
    const namespaces = [];
    const known = (pods.phases ?? []).map((p) => indexOf(this.phases, p));
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      let slot = this.podSlots.get(id);
      const isNew = slot === undefined;
      if (slot === undefined) {
        slot = this.newPod(id);
      } else {
        this.phaseCounts[this.phase[slot]]--;
        this.matchCount -= this.matches[slot];
      }
      const phase = known[pods.phase[i]];
      const moved = isNew || this.node[slot] !== pods.node[i];
      if (!isNew && moved) this.leavePlace(slot);
      if (!moved && this.phase[slot] !== phase) this.changes.pods.add(slot);
      this.name[slot] = pods.name[i];
      if (isNew) this.enter(slot, (namespaces[pods.namespace[i]] ??= this.namespaceIndex(pods.namespaces?.[pods.namespace[i]] ?? '')));
      this.phase[slot] = phase;
      this.cpu[slot] = pods.cpu[i];
      this.memory[slot] = pods.memory[i];
      this.real[slot] = pods.real[i];
      this.node[slot] = pods.node[i];
      this.phaseCounts[phase] = (this.phaseCounts[phase] ?? 0) + 1;
      if (moved) this.takePlace(slot);
      else this.touch(slot);
      this.matches[slot] = this.wanted(slot) ? 1 : 0;
      this.matchCount += this.matches[slot];
    }
  }

  /** @param {number} id */
  newPod(id) {
    const slot = this.freePods.pop() ?? this.podEnd++;
    this.reserve(slot + 1);
    this.podSlots.set(id, slot);
    this.id[slot] = id;
    return slot;
  }

  /** namespaceIndex finds or makes the index of a namespace. @param {string} name */
  namespaceIndex(name) {
    const known = this.namespaces.indexOf(name);
    if (known >= 0 && this.namespaceCounts[known] > 0) return known;
    const index = this.freeNamespaces.pop() ?? this.namespaces.length;
    this.namespaces[index] = name;
    this.namespaceCounts[index] = 0;
    return index;
  }

  /**
   * enter puts a pod into its namespace, which it never leaves.
   * @param {number} slot
   * @param {number} namespace
   */
  enter(slot, namespace) {
    this.namespace[slot] = namespace;
    this.namespaceCounts[namespace]++;
  }

  /** @param {number} slot */
  leaveNamespace(slot) {
    const namespace = this.namespace[slot];
    if (--this.namespaceCounts[namespace] > 0) return;
    this.namespaces[namespace] = '';
    this.freeNamespaces.push(namespace);
  }

  /** @param {number} id */
  removePod(id) {
    const slot = this.podSlots.get(id);
    if (slot === undefined) return;
    this.leavePlace(slot);
    this.leaveNamespace(slot);
    this.podSlots.delete(id);
    this.freePods.push(slot);
    this.phaseCounts[this.phase[slot]]--;
    this.matchCount -= this.matches[slot];
    this.matches[slot] = 0;
    this.name[slot] = '';
    this.id[slot] = 0;
    this.changes.pods.delete(slot);
  }

  /** @param {number} slot */
  takePlace(slot) {
    const cells = this.cellsOf(slot);
    this.place[slot] = cells ? cells.take(slot) : -1;
    if (!cells) this.orphans++;
    // Where all is new, it need not be told of each.
    if (this.changes.restarted) return;
    this.changes.pods.add(slot);
    this.touch(slot);
  }

  /** @param {number} slot */
  leavePlace(slot) {
    const cells = this.cellsOf(slot);
    if (this.place[slot] < 0) this.orphans--;
    else cells?.leave(this.place[slot]);
    this.touch(slot);
  }

  /** @param {number} slot */
  cellsOf(slot) {
    if (this.node[slot] === 0) return this.waiting;
    const node = this.nodeSlots.get(this.node[slot]);
    return node === undefined ? undefined : this.cells[node];
  }

  /** @param {number} slot */
  touch(slot) {
    const node = this.nodeSlots.get(this.node[slot]);
    if (node !== undefined) this.changes.nodes.add(node);
    else this.changes.waiting = true;
  }

  /** takeChanges hands out what changed since the last time. */
  takeChanges() {
    const { changes } = this;
    this.changes = emptyChanges();
    return changes;
  }

  /** @param {Filter} filter */
  setFilter(filter) {
    this.filter = { ...filter, search: filter.search?.toLowerCase() };
    this.matchCount = 0;
    for (const slot of this.podSlots.values()) {
      this.matches[slot] = this.wanted(slot) ? 1 : 0;
      this.matchCount += this.matches[slot];
    }
    this.changes.all = true;
  }

  /** filtered is true where the filter leaves something out. */
  get filtered() {
    const { search, namespace, phases, ids } = this.filter;
    return Boolean(search || namespace || phases?.size || ids);
  }

  /** wanted says whether the filter wants a pod. @param {number} slot */
  wanted(slot) {
    const { search, namespace, phases, ids } = this.filter;
    if (namespace && this.namespaces[this.namespace[slot]] !== namespace) return false;
    if (phases?.size && !phases.has(this.phases[this.phase[slot]])) return false;
    if (ids && !ids.has(this.id[slot])) return false;
    return !search || this.fullName(slot).toLowerCase().includes(search) || this.nodeMatches(this.nodeOf(slot));
  }

  /** nodeMatches says whether the search names the node itself. @param {Node|undefined} node */
  nodeMatches(node) {
    const { search } = this.filter;
    return Boolean(search && node && node.name.toLowerCase().includes(search));
  }

  /** nodeWanted says whether a node has something that the filter wants. @param {number} slot */
  nodeWanted(slot) {
    if (!this.filtered || this.nodeMatches(this.nodes[slot])) return true;
    return this.cells[slot].slots.some((pod) => pod >= 0 && this.matches[pod] === 1);
  }

  /** @param {number} slot */
  nodeOf(slot) {
    const node = this.nodeSlots.get(this.node[slot]);
    return node === undefined ? undefined : this.nodes[node];
  }

  /** fullName is namespace/name. @param {number} slot */
  fullName(slot) {
    return `${this.namespaces[this.namespace[slot]]}/${this.name[slot]}`;
  }

  /**
   * pod is one pod as an object.
   * @param {number} slot
   */
  pod(slot) {
    return {
      id: this.id[slot],
      namespace: this.namespaces[this.namespace[slot]],
      name: this.name[slot],
      node: this.nodeOf(slot),
      nodeKnown: this.node[slot] === 0 || this.nodeOf(slot) !== undefined,
      phase: this.phases[this.phase[slot]],
      cpu: this.cpu[slot],
      memory: this.memory[slot],
      resource: this.real[slot] ? 'pods' : 'simpods',
    };
  }

  /**
   * findPod returns the slot of a pod, or -1.
   * @param {string} resource
   * @param {string} namespace
   * @param {string} name
   */
  findPod(resource, namespace, name) {
    const real = resource === 'pods' ? 1 : 0;
    const ns = this.namespaces.indexOf(namespace);
    for (const slot of this.podSlots.values()) {
      if (this.name[slot] === name && this.namespace[slot] === ns && this.real[slot] === real) return slot;
    }
    return -1;
  }

  /** findNode returns the slot of a node, or -1. @param {string} name */
  findNode(name) {
    return this.nodes.findIndex((n) => n?.name === name);
  }
}

function emptyChanges() {
  return {
    /** Everything may have changed. */
    all: false,
    /** Nothing is as it was. */
    restarted: false,
    /** @type {number[]} */ nodesAdded: [],
    /** @type {number[]} */ nodesRemoved: [],
    /** Nodes whose zone changed. @type {number[]} */ nodesMoved: [],
    /** Nodes that look different. @type {Set<number>} */ nodes: new Set(),
    /** Pods that are new, have moved, or have another phase. @type {Set<number>} */ pods: new Set(),
    waiting: false,
  };
}

/**
 * @param {string[]} list
 * @param {string} value is appended where the list does not have it
 */
function indexOf(list, value) {
  const i = list.indexOf(value);
  return i >= 0 ? i : list.push(value) - 1;
}

/** The resources that a node's fill can be shown by. */
export const resources = /** @type {const} */ (['cpu', 'memory', 'pods']);

/**
 * fill is the share of a node's allocatable that its pods ask for; above 1 where
 * it is overcommitted, undefined where it has none of it.
 * @param {Node} node
 * @param {'cpu'|'memory'|'pods'} resource
 */
export function fill(node, resource) {
  const allocatable = node.allocatable[resource];
  return allocatable > 0 ? node.requested[resource] / allocatable : undefined;
}

/**
 * byName compares so that node-2 is before node-10.
 * @param {{name: string}} a
 * @param {{name: string}} b
 */
export function byName(a, b) {
  const left = nameOrder(a.name);
  const right = nameOrder(b.name);
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * nameOrder is a text whose order is that of a name with its numbers. Names of
 * Kubernetes are ASCII, so that no collation is needed.
 * @param {string} name
 */
export function nameOrder(name) {
  return name.replace(/\d+/g, (digits) => digits.padStart(12, '0'));
}

/**
 * totals sums up all nodes and their pods.
 * @param {Cluster} cluster
 */
export function totals(cluster) {
  const sum = {
    zones: new Set(),
    notReady: 0,
    cordoned: 0,
    allocatable: { cpu: 0, memory: 0, pods: 0 },
    requested: { cpu: 0, memory: 0, pods: 0 },
  };
  for (const node of cluster.nodes) {
    if (!node) continue;
    if (node.zone) sum.zones.add(node.zone);
    if (!node.ready) sum.notReady++;
    if (node.unschedulable) sum.cordoned++;
    for (const resource of resources) {
      sum.allocatable[resource] += node.allocatable[resource];
      sum.requested[resource] += node.requested[resource];
    }
  }
  return sum;
}
