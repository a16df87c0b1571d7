/**
 * The map of the Flow view: a fixed place for each component, lanes between them, and a
 * place for each label at which it touches nothing else. Pure geometry.
 * @typedef {import('./types.js').Actor} Actor
 * @typedef {import('./types.js').Node} Node
 */

/**
 * @typedef {object} Box by its middle
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 *
 * @typedef {object} Shape
 * @property {string} id of the actor
 * @property {import('./types.js').ActorKind} kind
 * @property {string} name
 * @property {string} detail
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {Box} label
 *
 * @typedef {object} Lane
 * @property {string} key
 * @property {string} from
 * @property {string} to
 * @property {{x: number, y: number}[]} points
 * @property {Box|null} chip where its label is; null where there is no room for one
 *
 * @typedef {object} NodeBox
 * @property {string} name
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 *
 * @typedef {object} FlowMap
 * @property {number} width
 * @property {number} height
 * @property {Shape[]} shapes
 * @property {Lane[]} lanes
 * @property {NodeBox[]} nodes
 * @property {number} nodesLeftOut
 * @property {{x: number, y: number, w: number, h: number}} nodesArea
 * @property {number} nodesMoreAt the line of the text that says how many are left out
 */

const size = /** @type {Record<string, [number, number]>} */ ({
  client: [64, 46],
  'api-server': [80, 76],
  etcd: [62, 66],
  scheduler: [72, 72],
  'controller-manager': [64, 64],
  kubelet: [104, 52],
});

const wide = {
  width: 860, height: 424,
  client: [{ x: 80, y: 196 }, { x: 80, y: 60 }, { x: 80, y: 336 }],
  api: { x: 316, y: 196 },
  etcd: { x: 316, y: 352 },
  middle: [[{ x: 560, y: 100 }], [{ x: 560, y: 72 }, { x: 560, y: 306 }], [{ x: 560, y: 52 }, { x: 560, y: 196 }, { x: 560, y: 338 }]],
  nodes: { x: 778, y: 204, w: 150, h: 384, across: false, most: 4 },
  label: 148, chip: 150,
};

const narrow = {
  width: 380, height: 660,
  client: [{ x: 150, y: 40 }, { x: 62, y: 86 }, { x: 62, y: 170 }],
  api: { x: 150, y: 250 },
  etcd: { x: 60, y: 420 },
  middle: [[{ x: 318, y: 130 }], [{ x: 318, y: 130 }, { x: 306, y: 420 }], [{ x: 318, y: 110 }, { x: 318, y: 262 }, { x: 306, y: 420 }]],
  nodes: { x: 190, y: 590, w: 372, h: 100, across: true, most: 3 },
  label: 120, chip: 92,
};

/** Room between two things, and from a lane to its twin. */
const gap = 6;
const twin = 8;
const chipHeight = 20;

/**
 * @param {Actor[]} actors
 * @param {{name: string}[]} nodes
 * @param {boolean} isNarrow
 * @param {{from: string, to: string}[]} messages
 * @returns {FlowMap}
 */
export function layOut(actors, nodes, isNarrow, messages = []) {
  const plan = isNarrow ? narrow : wide;
  const boxes = nodeBoxes(plan, nodes);
  const shapes = placeActors(plan, actors, boxes);
  const lanes = layLanes(plan, shapes, messages);
  return {
    width: plan.width,
    height: plan.height,
    shapes,
    lanes,
    nodes: boxes,
    nodesLeftOut: Math.max(0, nodes.length - boxes.length),
    nodesArea: plan.nodes,
    nodesMoreAt: plan.nodes.y + plan.nodes.h / 2 + 8,
  };
}

/** @typedef {typeof wide} Plan */

/**
 * @param {Plan} plan
 * @param {{name: string}[]} nodes
 * @returns {NodeBox[]}
 */
function nodeBoxes(plan, nodes) {
  const { x, y, w, h, across, most } = plan.nodes;
  const shown = nodes.slice(0, most);
  const step = (across ? w : h) / Math.max(shown.length, across ? 1 : 3);
  return shown.map((node, index) => {
    const along = (index - (shown.length - 1) / 2) * step;
    return across
      ? { name: node.name, x: x + along, y, w: Math.min(step - 10, 150), h: 72 }
      : { name: node.name, x, y: y + along, w, h: Math.min(step - 22, 78) };
  });
}

/**
 * @param {Plan} plan
 * @param {Actor[]} actors
 * @param {NodeBox[]} boxes
 * @returns {Shape[]}
 */
function placeActors(plan, actors, boxes) {
  const clients = actors.filter((each) => each.kind === 'client');
  const middle = [...actors.filter((each) => each.kind === 'scheduler'), ...actors.filter((each) => each.kind === 'controller-manager')];
  const rows = plan.middle[Math.min(Math.max(middle.length, 1), 3) - 1];
  return actors.map((actor) => {
    const [w, h] = size[actor.kind] ?? size.client;
    const at = actor.kind === 'client' ? plan.client[Math.min(clients.indexOf(actor), 2)]
      : actor.kind === 'api-server' ? plan.api
      : actor.kind === 'etcd' ? plan.etcd
      : actor.kind === 'kubelet' ? kubeletPlace(plan, boxes)
      : rows[Math.min(middle.indexOf(actor), 2)];
    const shape = { id: actor.id, kind: actor.kind, name: actor.name, detail: actor.detail ?? '', x: at.x, y: at.y, w, h };
    return { ...shape, label: labelOf(plan, shape, at) };
  });
}

/**
 * A kubelet is on the node that runs the pod: the first one.
 * @param {Plan} plan
 * @param {NodeBox[]} boxes
 */
function kubeletPlace(plan, boxes) {
  const box = boxes[0];
  if (!box) return { x: plan.nodes.x, y: plan.nodes.y, bare: true };
  return { x: box.x, y: box.y, bare: false };
}

/**
 * @param {Plan} plan
 * @param {{id: string, kind: string, x: number, y: number, w: number, h: number}} shape
 * @param {{x: number, y: number, bare?: boolean}} at
 * @returns {Box}
 */
function labelOf(plan, shape, at) {
  const h = 32;
  if (shape.kind === 'kubelet' && at.bare === false) return { x: shape.x, y: shape.y, w: 0, h: 0 };
  if (shape.kind === 'api-server') {
    return plan.width > 500
      ? { x: shape.x - 32, y: shape.y - shape.h / 2 - gap - h / 2, w: plan.label + 12, h }
      : { x: shape.x - shape.w / 2 - 56, y: shape.y, w: plan.label - 16, h };
  }
  if (plan.width < 500 && shape.kind === 'client' && shape.x > 100) {
    return { x: shape.x + shape.w / 2 + 76, y: shape.y, w: plan.label + 10, h };
  }
  return { x: shape.x, y: shape.y + shape.h / 2 + gap + h / 2, w: plan.label, h };
}

/**
 * @param {Plan} plan
 * @param {Shape[]} shapes
 * @param {{from: string, to: string}[]} messages
 * @returns {Lane[]}
 */
function layLanes(plan, shapes, messages) {
  const byID = new Map(shapes.map((each) => [each.id, each]));
  const keys = new Set();
  const center = shapes.find((each) => each.kind === 'api-server');
  for (const shape of shapes) {
    if (!center || shape === center) continue;
    keys.add(`${shape.id}>${center.id}`).add(`${center.id}>${shape.id}`);
  }
  for (const message of messages) keys.add(`${message.from}>${message.to}`);
  const lanes = [...keys].map((key) => {
    const [from, to] = key.split('>');
    const a = byID.get(from);
    const b = byID.get(to);
    return a && b && a !== b ? { key, from, to, points: route(plan, shapes, a, b) } : null;
  });
  return placeChips(plan, shapes, lanes.filter((each) => each !== null));
}

/**
 * @param {Plan} plan
 * @param {Shape[]} shapes
 * @param {Shape} a
 * @param {Shape} b
 */
function route(plan, shapes, a, b) {
  const corridor = corridorFor(plan, shapes, a, b);
  const inner = a.kind === 'kubelet' ? corridor.reverse() : corridor;
  const through = [{ x: a.x, y: a.y }, ...inner, { x: b.x, y: b.y }];
  const points = through.map((point, index) => {
    const before = through[Math.max(0, index - 1)];
    const after = through[Math.min(through.length - 1, index + 1)];
    const [nx, ny] = normal(before, after);
    return { x: point.x + nx * twin, y: point.y + ny * twin };
  });
  points[0] = leave(a, points[0], points[1]);
  points[points.length - 1] = leave(b, points[points.length - 1], points[points.length - 2]);
  return points;
}

/**
 * The way to the nodes leads between the components in the middle.
 * @param {Plan} plan
 * @param {Shape[]} shapes
 * @param {Shape} a
 * @param {Shape} b
 */
function corridorFor(plan, shapes, a, b) {
  const node = a.kind === 'kubelet' ? a : b.kind === 'kubelet' ? b : null;
  if (!node || plan.width < 500) return [];
  const middle = shapes.filter((each) => each.kind === 'scheduler' || each.kind === 'controller-manager').sort((one, other) => one.y - other.y);
  if (middle.length < 1) return [];
  const top = middle[0].label.y + middle[0].label.h / 2;
  const bottom = middle[1] ? middle[1].y - middle[1].h / 2 : top + 120;
  const y = (top + bottom) / 2;
  return [{ x: 470, y }, { x: 650, y }];
}

/**
 * The right-hand normal of a line, so that the two directions keep apart.
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 * @returns {[number, number]}
 */
function normal(a, b) {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = Math.hypot(dx, dy) || 1;
  return [dy / length, -dx / length];
}

/**
 * Where a line that starts inside of a shape leaves it.
 * @param {Shape} shape
 * @param {{x: number, y: number}} inside
 * @param {{x: number, y: number}} outside
 */
function leave(shape, inside, outside) {
  let near = 0;
  let far = 1;
  const at = (/** @type {number} */ f) => ({ x: inside.x + (outside.x - inside.x) * f, y: inside.y + (outside.y - inside.y) * f });
  for (let i = 0; i < 20; i++) {
    const middle = (near + far) / 2;
    if (contains(shape, at(middle), gap)) near = middle;
    else far = middle;
  }
  return at(far);
}

/**
 * @param {Shape} shape
 * @param {{x: number, y: number}} point
 * @param {number} margin
 */
function contains(shape, point, margin) {
  const dx = Math.abs(point.x - shape.x);
  const dy = Math.abs(point.y - shape.y);
  const hw = shape.w / 2 + margin;
  const hh = shape.h / 2 + margin;
  if (shape.kind === 'scheduler') return dx / (hw + 4) + dy / (hh + 4) < 1;
  if (shape.kind === 'controller-manager') return Math.hypot(dx, dy) < hw;
  if (shape.kind === 'api-server') return dx < hw && dy < hh && dx / hw + dy / (2 * hh) < 1;
  if (shape.kind === 'kubelet') return dx < 76 + margin && dy < 36 + margin;
  return dx < hw && dy < hh;
}

/**
 * Gives each lane the place nearest to its middle at which its label touches nothing.
 * @param {Plan} plan
 * @param {Shape[]} shapes
 * @param {{key: string, from: string, to: string, points: {x: number, y: number}[]}[]} lanes
 * @returns {Lane[]}
 */
function placeChips(plan, shapes, lanes) {
  /** @type {Box[]} */
  const taken = shapes.flatMap((each) => [each, each.label]).filter((each) => each.w > 0);
  const { x, y, w, h } = plan.nodes;
  taken.push({ x, y, w, h });
  const traces = new Map(lanes.map((lane) => [lane, traced(lane.points)]));
  return lanes.map((lane) => {
    const others = lanes.filter((each) => each !== lane).map((each) => traces.get(each) ?? []);
    const chip = bestPlace(plan, lane, taken, others);
    if (chip) taken.push(chip);
    return { ...lane, chip };
  });
}

/**
 * @param {Plan} plan
 * @param {{points: {x: number, y: number}[]}} lane
 * @param {Box[]} taken
 * @param {{x: number, y: number}[][]} others points of the other lanes
 */
function bestPlace(plan, lane, taken, others) {
  let best = null;
  let least = Infinity;
  for (const w of [plan.chip, plan.chip * 0.8, plan.chip * 0.6]) {
    for (const f of [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]) {
      for (const d of [0, 6, 12, 18, 26, 36, 48, 62, 78]) {
        const far = Math.abs(f - 0.5) * 60 + (d || 10) + (plan.chip - w) * 0.4;
        if (far >= least) continue;
        const box = chipAt(lane.points, f, d, w);
        if (outside(plan, box) || overlaps(box, taken)) continue;
        const cost = far + crossings(box, others) * 60;
        if (cost < least) {
          least = cost;
          best = box;
        }
      }
    }
  }
  return best;
}

/**
 * @param {{x: number, y: number}[]} points
 * @param {number} f part of the way
 * @param {number} d distance from the line, away from its twin
 * @param {number} w
 * @returns {Box}
 */
function chipAt(points, f, d, w) {
  const { x, y, nx, ny } = along(points, f);
  const reach = Math.abs(nx) * (w / 2) + Math.abs(ny) * (chipHeight / 2);
  const away = d === 0 ? 0 : reach + d - 6;
  return { x: x + nx * away, y: y + ny * away, w, h: chipHeight };
}

/**
 * The point at a part of the way, and the normal there.
 * @param {{x: number, y: number}[]} points
 * @param {number} f from 0 to 1
 */
export function along(points, f) {
  const lengths = points.slice(1).map((point, index) => Math.hypot(point.x - points[index].x, point.y - points[index].y));
  let left = f * lengths.reduce((sum, each) => sum + each, 0);
  let index = 0;
  while (index < lengths.length - 1 && left > lengths[index]) left -= lengths[index++];
  const part = lengths[index] ? left / lengths[index] : 0;
  const [a, b] = [points[index], points[index + 1]];
  const [nx, ny] = normal(a, b);
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part, nx, ny };
}

/**
 * Whether two boxes touch.
 * @param {Box} one
 * @param {Box} other
 * @param {number} margin
 */
export function touch(one, other, margin = 4) {
  return Math.abs(one.x - other.x) < (one.w + other.w) / 2 + margin && Math.abs(one.y - other.y) < (one.h + other.h) / 2 + margin;
}

/**
 * @param {Box} box
 * @param {Box[]} taken
 */
function overlaps(box, taken) {
  return taken.some((each) => touch(box, each));
}

/**
 * @param {Plan} plan
 * @param {Box} box
 */
function outside(plan, box) {
  return box.x - box.w / 2 < 2 || box.x + box.w / 2 > plan.width - 2 || box.y - box.h / 2 < 2 || box.y + box.h / 2 > plan.height - 2;
}

/**
 * Points along a line, close enough that no label fits between them.
 * @param {{x: number, y: number}[]} points
 */
function traced(points) {
  return Array.from({ length: 33 }, (_, index) => along(points, index / 32));
}

/**
 * How many lanes lead through a box.
 * @param {Box} box
 * @param {{x: number, y: number}[][]} lanes
 */
function crossings(box, lanes) {
  return lanes.filter((lane) => lane.some((point) =>
    Math.abs(point.x - box.x) < box.w / 2 + 1 && Math.abs(point.y - box.y) < box.h / 2 + 1)).length;
}

/**
 * The longest form of a label that fits: with the number of its step and how often it
 * came, without, or cut.
 * @param {string} number
 * @param {string} text
 * @param {string} more
 * @param {number} most characters
 */
export function fitting(number, text, more, most) {
  const forms = [number + text + more, text + more, number + text, text];
  return forms.find((each) => each.length <= most) ?? `${text.slice(0, Math.max(1, most - 1))}…`;
}
