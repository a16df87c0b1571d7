// Orders that do not change by themselves while a list is live.

/**
 * keepOrder brings items into an order once. From then on those that stay keep
 * their place, those that are gone leave, and new ones come last.
 * @template T
 * @param {T[]|undefined} before the result of the last time; none to sort anew
 * @param {Iterable<T>} items
 * @param {(a: T, b: T) => number} compare
 * @returns {T[]}
 */
export function keepOrder(before, items, compare) {
  if (!before) return [...items].sort(compare);
  const left = new Set(items);
  const kept = before.filter((item) => left.delete(item));
  return kept.concat([...left].sort(compare));
}
