/**
 * Objects as people of this field read them: as YAML, and as the difference from one
 * state to the next.
 */
import { diffArrays } from '../vendor/diff.js';
import { visible } from './text.js';

/**
 * @typedef {object} Line
 * @property {string} text
 * @property {number} indent
 * @property {boolean} managed whether it belongs to metadata.managedFields
 */

/**
 * Writes an object as lines of YAML.
 * @param {any} object
 * @returns {Line[]}
 */
export function yamlLines(object) {
  /** @type {Line[]} */
  const lines = [];
  write(object, 0, '', lines, false);
  return lines;
}

/**
 * @param {any} value
 * @param {number} indent
 * @param {string} lead what stands before the value on its first line
 * @param {Line[]} lines
 * @param {boolean} managed
 */
function write(value, indent, lead, lines, managed) {
  const add = (/** @type {string} */ text) => lines.push({ text: visible(' '.repeat(indent) + text), indent, managed });
  if (Array.isArray(value) && value.length) {
    if (lead) add(lead);
    for (const each of value) item(each, indent, lines, managed);
  } else if (value && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length) {
    if (lead) add(lead);
    for (const [key, each] of Object.entries(value)) {
      const deeper = managed || key === 'managedFields';
      const below = each && typeof each === 'object' && !Array.isArray(each) && Object.keys(each).length;
      if (below || (Array.isArray(each) && each.length)) {
        lines.push({ text: visible(`${' '.repeat(indent)}${scalar(key)}:`), indent, managed: deeper });
        write(each, indent + 2, '', lines, deeper);
      } else lines.push({ text: visible(`${' '.repeat(indent)}${scalar(key)}: ${scalar(each)}`), indent, managed: deeper });
    }
  } else add(`${lead}${scalar(value)}`);
}

/**
 * @param {any} value
 * @param {number} indent
 * @param {Line[]} lines
 * @param {boolean} managed
 */
function item(value, indent, lines, managed) {
  const start = lines.length;
  write(value, indent + 2, '', lines, managed);
  const opening = lines[start];
  opening.text = `${' '.repeat(indent)}- ${opening.text.slice(indent + 2)}`;
}

/** @param {any} value */
function scalar(value) {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object') return '{}';
  if (typeof value !== 'string') return String(value);
  const plain = /^[A-Za-z_/.][\w./@%+()=,-]*( [\w./@%+()=,-]+)*$/.test(value) && !/^(true|false|null|yes|no|on|off|~)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}

/**
 * @typedef {object} Change
 * @property {'+'|'-'|' '} sign
 * @property {string} text
 * @property {number} indent
 * @property {boolean} managed
 */

/**
 * The difference between two objects, line by line; null stands for no object.
 * @param {any} before
 * @param {any} after
 * @returns {Change[]}
 */
export function difference(before, after) {
  const old = before ? yamlLines(before) : [];
  const young = after ? yamlLines(after) : [];
  const parts = diffArrays(old, young, { comparator: (/** @type {Line} */ a, /** @type {Line} */ b) => a.text === b.text });
  return parts.flatMap((/** @type {{value: Line[], added?: boolean, removed?: boolean}} */ part) =>
    part.value.map((line) => ({ ...line, sign: /** @type {'+'|'-'|' '} */ (part.added ? '+' : part.removed ? '-' : ' ') })));
}

/**
 * Only the changed lines, each below the lines that say where it is.
 * @param {Change[]} changes
 * @returns {Change[]}
 */
export function onlyChanged(changes) {
  const keep = new Set();
  changes.forEach((change, at) => {
    if (change.sign === ' ') return;
    keep.add(at);
    let indent = change.indent;
    for (let above = at - 1; above >= 0 && indent > 0; above--) {
      if (changes[above].indent >= indent || changes[above].sign === '-' ) continue;
      indent = changes[above].indent;
      keep.add(above);
    }
  });
  return changes.filter((_, at) => keep.has(at));
}
