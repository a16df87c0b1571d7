/**
 * Text from a cluster is only ever shown as text, and cannot pass for anything else:
 * control characters and those that turn the direction of writing become visible.
 */

const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * Makes characters visible that would hide or turn what is around them.
 * @param {unknown} value
 */
export function visible(value) {
  return String(value ?? '').replace(hidden, (found) => `⟨U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/**
 * Cuts a text to a number of characters; what is left out is told by an ellipsis.
 * @param {unknown} value
 * @param {number} most
 */
export function short(value, most) {
  const characters = [...visible(value)];
  return characters.length <= most ? characters.join('') : `${characters.slice(0, most - 1).join('')}…`;
}

/**
 * Writes a number with commas, as 50,000. Intl would take longer for its first one than
 * the first screen has.
 * @param {number} value
 * @param {number} [digits] after the point, at most
 */
export function number(value, digits = 0) {
  const [whole, fraction] = String(Number(value.toFixed(digits))).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction ? `.${fraction}` : '');
}

/**
 * Says a number of bytes, exactly.
 * @param {number|undefined} count
 */
export function bytes(count) {
  return count ? `${number(count)} B` : 'size unknown';
}

/**
 * Says a count with its noun, such as "3 revisions".
 * @param {number} count
 * @param {string} noun
 * @param {string} [many]
 */
export function plural(count, noun, many = `${noun}s`) {
  return `${number(count)} ${count === 1 ? noun : many}`;
}

/**
 * Splits a text at what it names of a run, so that a reader can go there: a step, a
 * revision or a time of day.
 * @param {unknown} value
 * @returns {{text: string, step?: number, revision?: number, clock?: string}[]}
 */
export function references(value) {
  const text = visible(value);
  const pattern = /\b(?:[Ss]tep (\d)\b|[Rr]evisions? (\d+)\b|(\d\d:\d\d:\d\d\.\d{3,6})\b)/g;
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) parts.push({ text: text.slice(from, found.index) });
    parts.push({
      text: found[0],
      step: found[1] ? Number(found[1]) : undefined,
      revision: found[2] ? Number(found[2]) : undefined,
      clock: found[3],
    });
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
