// A short memory of numbers that come and go.

/** Histories keep the last numbers of each of a few names. */
export class Histories {
  /**
   * @param {number} length how many numbers of a name are kept
   * @param {number} most how many names; the one that was told of longest ago goes
   */
  constructor(length, most) {
    this.length = length;
    this.most = most;
    /** @type {Map<string, number[]>} */
    this.byName = new Map();
  }

  /**
   * @param {string} name
   * @param {number} value
   */
  add(name, value) {
    const values = this.byName.get(name) ?? [];
    this.byName.delete(name);
    this.byName.set(name, values);
    values.push(value);
    if (values.length > this.length) values.shift();
    if (this.byName.size > this.most) this.byName.delete(/** @type {string} */ (this.byName.keys().next().value));
  }

  /** of returns the numbers of a name, the newest last. @param {string} name */
  of(name) {
    return this.byName.get(name) ?? [];
  }
}
