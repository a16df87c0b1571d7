/**
 * One shape and one colour for each component, wherever it is shown. The shape says the
 * same as the colour; css/tokens.css has the colours.
 * @typedef {import('../model/types.js').ActorKind} ActorKind
 */
import { html } from '../lib.js';

const glyphs = /** @type {Record<string, string>} */ ({
  client: '›_',
  'api-server': 'API',
  etcd: 'kv',
  scheduler: '?',
  'controller-manager': '↻',
  kubelet: '▤',
});

/**
 * The outline of a component as the path of an SVG, around 0,0.
 * @param {string} kind
 * @param {number} w
 * @param {number} h
 */
export function outline(kind, w, h) {
  const x = w / 2;
  const y = h / 2;
  switch (kind) {
    case 'api-server':
      return `M${-x},0 L${-x / 2},${-y} L${x / 2},${-y} L${x},0 L${x / 2},${y} L${-x / 2},${y} Z`;
    case 'etcd': {
      const lid = h * 0.14;
      return `M${-x},${-y + lid} A${x},${lid} 0 0 1 ${x},${-y + lid} L${x},${y - lid} A${x},${lid} 0 0 1 ${-x},${y - lid} Z`
        + `M${x},${-y + lid} A${x},${lid} 0 0 1 ${-x},${-y + lid}`;
    }
    case 'scheduler':
      return `M0,${-y} L${x},0 L0,${y} L${-x},0 Z`;
    case 'controller-manager':
      return `M${-x},0 A${x},${y} 0 1 1 ${x},0 A${x},${y} 0 1 1 ${-x},0 Z`;
    case 'kubelet':
      return `M${-x},${-y} H${x} V${y} H${-x} Z`;
    default: {
      const r = Math.min(w, h) * 0.18;
      return `M${-x + r},${-y} H${x - r} Q${x},${-y} ${x},${-y + r} V${y - r} Q${x},${y} ${x - r},${y} H${-x + r} Q${-x},${y} ${-x},${y - r} V${-y + r} Q${-x},${-y} ${-x + r},${-y} Z`;
    }
  }
}

/** @param {string} kind */
export function glyph(kind) {
  return glyphs[kind] ?? '';
}

/**
 * A component as a small picture beside its name.
 * @param {{kind?: string, size?: number, filled?: boolean}} props
 */
export function Shape({ kind = 'client', size = 14, filled = false }) {
  const h = kind === 'client' || kind === 'kubelet' ? size * 0.78 : size;
  return html`<svg class=${`shape of-${kind} ${filled ? 'filled' : ''}`} width=${size + 2} height=${size + 2}
      viewBox=${`${-size / 2 - 1} ${-size / 2 - 1} ${size + 2} ${size + 2}`} aria-hidden="true" focusable="false">
    <path d=${outline(kind, size, h)} />
  </svg>`;
}

/** The kinds of components by the names that steps and revisions give them. */
const kinds = /** @type {Record<string, ActorKind>} */ ({
  'User / API client': 'client',
  'API server': 'api-server',
  etcd: 'etcd',
  Scheduler: 'scheduler',
  'kube-scheduler': 'scheduler',
  'Controller manager': 'controller-manager',
  'kube-controller-manager': 'controller-manager',
  Kubelet: 'kubelet',
});

/**
 * @param {string|undefined} component as a step or a revision names it
 * @returns {ActorKind}
 */
export function kindOf(component) {
  return kinds[component ?? ''] ?? 'client';
}

/** The component whose evidence a source is. */
const sources = /** @type {Record<string, ActorKind>} */ ({
  audit: 'api-server',
  span: 'api-server',
  watch: 'api-server',
  etcd: 'etcd',
  decision: 'scheduler',
  transition: 'controller-manager',
  client: 'client',
});

/** @param {string} source */
export function kindOfSource(source) {
  return sources[source] ?? 'client';
}

/** How an outcome is shown: a sign and a tone. */
const outcomes = /** @type {Record<string, [string, string]>} */ ({
  Running: ['●', 'good'],
  Succeeded: ['✓', 'good'],
  Stored: ['■', 'good'],
  Answered: ['✓', 'good'],
  Changed: ['✓', 'good'],
  CarriedOut: ['✓', 'good'],
  Unchanged: ['=', 'calm'],
  DryRun: ['≈', 'calm'],
  Scheduled: ['◆', 'wait'],
  Pending: ['○', 'wait'],
  SchedulingGated: ['‖', 'wait'],
  Terminating: ['◌', 'wait'],
  Unschedulable: ['!', 'bad'],
  Failed: ['✕', 'bad'],
  Rejected: ['✕', 'bad'],
  Forbidden: ['✕', 'bad'],
  Unauthenticated: ['✕', 'bad'],
  AlreadyExists: ['✕', 'bad'],
  Error: ['✕', 'bad'],
  Deleted: ['–', 'calm'],
});

/**
 * An outcome as a pill: sign, word and tone.
 * @param {{outcome: string, title?: string}} props
 */
export function Outcome({ outcome, title = '' }) {
  const [sign, tone] = outcomes[outcome] ?? ['·', 'calm'];
  return html`<span class=${`pill tone-${tone}`} title=${title}><span aria-hidden="true">${sign}</span> ${outcome}</span>`;
}
