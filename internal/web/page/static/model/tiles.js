// Where the tile of each node is. Lengths are in CSS pixels at zoom 1.

/**
 * Group is a block of tiles below a title.
 * @typedef {object} Group
 * @property {string} name
 * @property {number} x
 * @property {number} y
 * @property {number} columns
 * @property {number} rows that have room without growing
 * @property {number[]} slots of nodes, or -1 for a hole
 */

/**
 * @typedef {object} Size
 * @property {number} width
 * @property {number} height
 */

export const titleHeight = 22;
export const groupGap = 16;
const largestTile = 340;
const smallestTile = 4;
/** A tile is wider than high: the gauge is beside the pods. */
export const tileRatio = 1.15;

/**
 * Tiles places nodes in groups side by side, each of which grows downwards: a new
 * node moves no other.
 */
export class Tiles {
  constructor() {
    /** @type {Group[]} */
    this.groups = [];
    /** @type {Map<number, {group: Group, index: number}>} */
    this.places = new Map();
    /** Height of a tile with the gap to the next. */
    this.tile = largestTile;
    this.width = 0;
    this.height = 0;
  }

  /**
   * arrange places all nodes anew.
   * @param {{slot: number, group: string}[]} nodes in their order
   * @param {Size} size to fit into
   */
  arrange(nodes, size) {
    const byGroup = new Map();
    for (const { slot, group } of nodes) {
      if (!byGroup.has(group)) byGroup.set(group, []);
      byGroup.get(group).push(slot);
    }
    const counts = [...byGroup.values()].map((slots) => withRoom(slots.length));
    this.tile = tileFor(counts, size);
    const rows = rowsFor(this.tile, size);
    const spare = size.width - groupGap * (counts.length - 1);
    const total = columnsFor(counts, rows);
    const stretch = Math.max(1, spare / (total * this.tile * tileRatio));
    this.groups = [];
    this.places = new Map();
    let x = 0;
    for (const [name, slots] of byGroup) {
      const needed = Math.ceil(withRoom(slots.length) / rows);
      const columns = Math.max(needed, Math.min(slots.length, Math.floor(needed * stretch)));
      const group = { name, x, y: 0, columns, rows: Math.max(1, rows), slots };
      slots.forEach((/** @type {number} */ slot, /** @type {number} */ index) => this.places.set(slot, { group, index }));
      this.groups.push(group);
      x += columns * this.tile * tileRatio + groupGap;
    }
    this.measure();
  }

  /** measure sets the size of the whole. */
  measure() {
    const last = this.groups.at(-1);
    this.width = last ? last.x + last.columns * this.tile * tileRatio : 0;
    const rows = Math.max(0, ...this.groups.map((g) => Math.ceil(g.slots.length / g.columns)));
    this.height = titleHeight + rows * this.tile;
  }

  /**
   * add places a node in the first hole of its group, or after the others. It is
   * false where there is no room: then all are to be arranged anew.
   * @param {number} slot
   * @param {string} name of its group
   */
  add(slot, name) {
    const group = this.groups.find((g) => g.name === name);
    if (!group) return false;
    const hole = group.slots.indexOf(-1);
    const index = hole >= 0 ? hole : group.slots.length;
    if (index >= group.columns * group.rows) return false;
    group.slots[index] = slot;
    this.places.set(slot, { group, index });
    this.measure();
    return true;
  }

  /** @param {number} slot */
  remove(slot) {
    const place = this.places.get(slot);
    if (!place) return;
    place.group.slots[place.index] = -1;
    this.places.delete(slot);
  }

  /**
   * position of the upper left corner of a node's tile.
   * @param {number} slot
   */
  position(slot) {
    const place = this.places.get(slot);
    return place && this.corner(place.group, place.index);
  }

  /**
   * @param {Group} group
   * @param {number} index
   */
  corner(group, index) {
    return {
      x: group.x + (index % group.columns) * this.tile * tileRatio,
      y: group.y + titleHeight + Math.floor(index / group.columns) * this.tile,
    };
  }

  /**
   * at returns the slot of the node at a point, or -1.
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    for (const group of this.groups) {
      const column = Math.floor((x - group.x) / (this.tile * tileRatio));
      const row = Math.floor((y - group.y - titleHeight) / this.tile);
      if (column >= 0 && column < group.columns && row >= 0) return group.slots[row * group.columns + column] ?? -1;
    }
    return -1;
  }

  /**
   * step returns the slot of the next node in a direction, or the same where there
   * is none.
   * @param {number} slot
   * @param {number} dx -1, 0 or 1
   * @param {number} dy -1, 0 or 1
   */
  step(slot, dx, dy) {
    const from = this.position(slot);
    if (!from) return this.first();
    const width = this.tile * tileRatio;
    let x = from.x + width / 2;
    let y = from.y + this.tile / 2;
    for (;;) {
      x += dx * width;
      y += dy * this.tile;
      if (x < 0 || y < 0 || x > this.width || y > this.height) return slot;
      const found = this.at(x, y);
      if (found >= 0) return found;
    }
  }

  /** first is the slot of the first node, or -1. */
  first() {
    for (const group of this.groups) {
      const slot = group.slots.find((s) => s >= 0);
      if (slot !== undefined) return slot;
    }
    return -1;
  }
}

/** Room for a few that come, so that they do not make all others smaller. @param {number} count */
function withRoom(count) {
  return count + Math.floor(count * 0.05);
}

/**
 * @param {number} tile
 * @param {Size} size
 */
function rowsFor(tile, size) {
  return Math.max(1, Math.floor((size.height - titleHeight) / tile));
}

/**
 * @param {number[]} counts
 * @param {number} rows
 */
function columnsFor(counts, rows) {
  return counts.reduce((sum, count) => sum + Math.ceil(count / rows), 0);
}

/**
 * tileFor finds the largest tile with which all groups fit.
 * @param {number[]} counts
 * @param {Size} size
 */
function tileFor(counts, size) {
  const fits = (/** @type {number} */ tile) => {
    const width = columnsFor(counts, rowsFor(tile, size)) * tile * tileRatio + groupGap * (counts.length - 1);
    return tile <= size.height - titleHeight && width <= size.width;
  };
  for (let tile = largestTile; tile > smallestTile; tile -= tile > 40 ? 4 : 0.5) {
    if (fits(tile)) return tile;
  }
  return smallestTile;
}

/**
 * gridOf is how many pods are in a row of a tile. It grows in steps, so that the
 * pods of a tile rarely move.
 * @param {number} places that are needed
 */
export function gridOf(places) {
  return [2, 3, 4, 6, 8, 11, 16, 24, 32].find((n) => n * n >= places) ?? 48;
}
