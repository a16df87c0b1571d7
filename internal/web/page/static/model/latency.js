// Hops of the way from create to Running, laid out for drawing. Times of hops are in
// nanoseconds, as overview.Latency has them.

/**
 * @typedef {{resource: string, namespace: string, name: string, uid: string}} Subject
 * @typedef {{low: number, high: number, count: number, example: Subject}} Bucket
 *
 * @typedef {object} Hop
 * @property {string} id
 * @property {string} name
 * @property {string} from
 * @property {string} to
 * @property {string} component
 * @property {number} count
 * @property {number} p50
 * @property {number} p90
 * @property {number} p99
 * @property {number} max
 * @property {Bucket[]|null} buckets
 * @property {string} [unavailable]
 *
 * @typedef {object} Latency
 * @property {string} collectedAt
 * @property {number} pods
 * @property {number} [forgotten] pods that are too old to be kept
 * @property {Hop[]|null} hops
 *
 * @typedef {'p50'|'p90'|'p99'} Quantile
 */

/** The ID of the hop that is the whole way. */
export const total = 'total';

/**
 * waterfall lays the hops end to end, each as long as its quantile.
 * @param {Hop[]} hops
 * @param {Quantile} quantile
 */
export function waterfall(hops, quantile) {
  let at = 0;
  /** @type {Map<string, {begin: number, end: number}>} */
  const places = new Map();
  for (const hop of hops) {
    if (hop.id === total || hop.count === 0) continue;
    places.set(hop.id, { begin: at, end: at + hop[quantile] });
    at += hop[quantile];
  }
  const whole = hops.find((hop) => hop.id === total && hop.count > 0);
  if (whole) places.set(total, { begin: 0, end: whole[quantile] });
  return { places, end: Math.max(1, at, whole?.[quantile] ?? 0) };
}

/**
 * extent is from the shortest to the longest time of all hops, in full decades.
 * @param {Hop[]} hops
 * @returns {[number, number]}
 */
export function extent(hops) {
  const buckets = hops.flatMap((hop) => hop.buckets ?? []);
  if (buckets.length === 0) return [1e3, 1e9];
  const low = Math.min(...buckets.map((bucket) => Math.max(1, bucket.low)));
  const high = Math.max(...buckets.map((bucket) => bucket.high));
  const from = Math.floor(Math.log10(low));
  return [10 ** from, 10 ** Math.max(from + 1, Math.ceil(Math.log10(high) - 1e-9))];
}

/**
 * decades lists the powers of ten of an extent.
 * @param {[number, number]} extent
 */
export function decades([low, high]) {
  const values = [];
  for (let value = low; value <= high * 1.001; value *= 10) values.push(value);
  return values;
}
