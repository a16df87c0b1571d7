// The list of all recorded runs, the newest first, which does not jump.

/**
 * Run in the list, as web.Listed.
 * @typedef {object} Listed
 * @property {{group?: string, resource: string, namespace?: string, name: string, uid?: string}} object
 * @property {string} lastSeen
 * @property {number} sequence
 * @property {number} entries
 * @property {string} [outcome]
 * @property {string} [headline]
 * @property {string} [requestedAt]
 *
 * @typedef {{search: string, namespace: string, resource: string, outcome: string}} RunFilter each empty for all
 */

/** How many runs are kept; the oldest go first. */
const most = 5000;

/** @param {Listed} run */
export function runKey(run) {
  const { resource, namespace = '', name, uid = '' } = run.object;
  return [resource, namespace, name, uid].join('/');
}

/**
 * shortHeadline leaves out of a headline the name and the outcome, where both are
 * beside it anyway.
 * @param {string|undefined} headline such as "simpods default/web: Running, runs on node-1"
 * @param {string|undefined} outcome
 */
export function shortHeadline(headline = '', outcome = '') {
  const said = `: ${outcome}, `;
  const at = outcome ? headline.indexOf(said) : -1;
  return at < 0 ? headline : headline.slice(at + said.length);
}

/** The newest request first. @param {Listed} a @param {Listed} b */
function byRequest(a, b) {
  return (Date.parse(b.requestedAt ?? b.lastSeen) || 0) - (Date.parse(a.requestedAt ?? a.lastSeen) || 0) || b.sequence - a.sequence;
}

/**
 * RunList keeps each run in its row. New ones come on top, or wait until the reader
 * wants them.
 */
export class RunList {
  /** @type {Map<string, Listed>} */
  runs = new Map();
  /** @type {string[]} keys of rows, the newest first */
  order = [];
  /** @type {string[]} keys of those that wait, the newest first */
  held = [];
  /** How many were too many to be kept. */
  forgotten = 0;

  /**
   * take takes over runs that are new or changed.
   * @param {Listed[]} items
   * @param {boolean} hold keep the new ones back
   */
  take(items, hold) {
    const fresh = [];
    for (const run of [...items].sort(byRequest)) {
      const key = runKey(run);
      if (!this.runs.has(key)) fresh.push(key);
      else if ((this.runs.get(key)?.sequence ?? 0) > run.sequence) continue;
      this.runs.set(key, run);
    }
    this.held = fresh.concat(this.held);
    if (!hold) this.release();
    this.trim();
  }

  /** release shows those that wait. */
  release() {
    this.order = this.held.concat(this.order);
    this.held = [];
  }

  /**
   * append takes over a page of older runs.
   * @param {Listed[]} items
   */
  append(items) {
    for (const run of [...items].sort(byRequest)) {
      const key = runKey(run);
      if (this.runs.has(key)) continue;
      this.runs.set(key, run);
      this.order.push(key);
    }
    this.trim();
  }

  trim() {
    const count = this.order.length + this.held.length - most;
    if (count <= 0) return;
    for (const key of this.order.splice(Math.max(0, this.order.length - count))) this.runs.delete(key);
    for (const key of this.held.splice(most)) this.runs.delete(key);
    this.forgotten += count;
  }

  get full() {
    return this.order.length + this.held.length >= most;
  }

  /**
   * matching lists the rows that a filter wants.
   * @param {RunFilter} filter
   */
  matching(filter) {
    const search = filter.search.toLowerCase();
    const wanted = [];
    for (const key of this.order) {
      const run = /** @type {Listed} */ (this.runs.get(key));
      const { resource, namespace = '', name } = run.object;
      if (filter.namespace && namespace !== filter.namespace) continue;
      if (filter.resource && resource !== filter.resource) continue;
      if (filter.outcome && run.outcome !== filter.outcome) continue;
      if (search && !`${namespace}/${name} ${run.headline ?? ''}`.toLowerCase().includes(search)) continue;
      wanted.push(run);
    }
    return wanted;
  }

  /**
   * counts says how many rows have each value of what can be filtered by.
   * @returns {{namespaces: string[], resources: string[], outcomes: [string, number][]}}
   */
  counts() {
    const namespaces = new Set();
    const resources = new Set();
    /** @type {Map<string, number>} */
    const outcomes = new Map();
    for (const key of this.order) {
      const run = /** @type {Listed} */ (this.runs.get(key));
      if (run.object.namespace) namespaces.add(run.object.namespace);
      resources.add(run.object.resource);
      if (run.outcome) outcomes.set(run.outcome, (outcomes.get(run.outcome) ?? 0) + 1);
    }
    return { namespaces: [...namespaces].sort(), resources: [...resources].sort(), outcomes: [...outcomes].sort((a, b) => b[1] - a[1]) };
  }
}
