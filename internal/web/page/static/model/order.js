// Orders that do not change by themselves while a list is live.

/**
 * keepOrder leaves the items that stay in their place. Those that are gone leave,
 * and new ones come last.
 * @template T
 * @param {T[]} before the result of the last time
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare
 * @returns {T[]}
 */
export function keepOrder(before, items, compare) {
  const left = new Set(items);
  const kept = before.filter((item) => left.delete(item));
  return kept.concat([...left].sort(compare));
}
