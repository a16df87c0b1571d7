// The verdicts of an attempt, grouped for reading.

/**
 * As explain.Attempt and evidence.NodeVerdict.
 *
 * @typedef {{plugin: string, code: string, reasons?: string[]}} PluginVerdict
 * @typedef {{plugin: string, raw: number, normalized: number, weight: number, weighted: number}} PluginScore
 * @typedef {{name: string, feasible: boolean, filters?: PluginVerdict[], scores?: PluginScore[], total: number, rank?: number}} NodeVerdict
 *
 * @typedef {object} Attempt
 * @property {number} attempt
 * @property {boolean} [deciding]
 * @property {string} [profile]
 * @property {string} [decidedAt]
 * @property {string} [queueTime]
 * @property {number} nodesTotal
 * @property {number} nodesEvaluated
 * @property {number} nodesFeasible
 * @property {string} [node]
 * @property {string} [nominatedNode]
 * @property {string} [message]
 * @property {string} [bindError]
 * @property {NodeVerdict[]} [nodes]
 * @property {number} [nodesOmitted]
 *
 * Rejected are nodes that one plugin rejected for the same reasons.
 * @typedef {object} Rejected
 * @property {string} key
 * @property {string} plugin
 * @property {string} code
 * @property {string[]} reasons
 * @property {string[]} filters the plugins that ran, in their order
 * @property {NodeVerdict[]} nodes
 */

/**
 * verdictsOf groups the nodes of an attempt. The chosen one is first among those
 * that have scores, then the most points.
 * @param {Attempt} attempt
 */
export function verdictsOf(attempt) {
  const nodes = attempt.nodes ?? [];
  const fit = nodes.filter((node) => node.feasible);
  const scored = fit.filter((node) => node.scores?.length);
  scored.sort((a, b) => Number(b.name === attempt.node) - Number(a.name === attempt.node) || b.total - a.total);
  return { fit, scored, plugins: pluginsOf(scored), rejected: rejectedOf(nodes) };
}

/**
 * pluginsOf lists the plugins that gave a score, those that gave most first.
 * @param {NodeVerdict[]} scored
 */
function pluginsOf(scored) {
  /** @type {Map<string, number>} */
  const most = new Map();
  for (const node of scored) {
    for (const score of node.scores ?? []) most.set(score.plugin, Math.max(most.get(score.plugin) ?? 0, score.weighted));
  }
  return [...most].map(([name, points]) => ({ name, most: points })).sort((a, b) => b.most - a.most);
}

/**
 * @param {NodeVerdict[]} nodes
 * @returns {Rejected[]} largest group first
 */
function rejectedOf(nodes) {
  /** @type {Map<string, Rejected>} */
  const groups = new Map();
  for (const node of nodes) {
    const last = node.filters?.at(-1);
    if (node.feasible || !last) continue;
    const reasons = last.reasons ?? [];
    const key = JSON.stringify([last.plugin, last.code, reasons]);
    let group = groups.get(key);
    if (!group) {
      group = { key, plugin: last.plugin, code: last.code, reasons, filters: [], nodes: [] };
      groups.set(key, group);
    }
    group.nodes.push(node);
    for (const filter of node.filters ?? []) if (!group.filters.includes(filter.plugin)) group.filters.push(filter.plugin);
  }
  return [...groups.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}
