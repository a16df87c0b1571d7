/**
 * Times in microseconds. A number holds them exactly: those of today are below 2^51.
 */

/**
 * Reads an RFC 3339 time; NaN for none.
 * @param {string|null|undefined} text
 * @returns {number} microseconds since 1970
 */
export function micros(text) {
  if (!text) return NaN;
  const seconds = Date.parse(text.replace(/\.\d+/, ''));
  const fraction = /\.(\d+)/.exec(text);
  return seconds * 1000 + (fraction ? Number(fraction[1].slice(0, 6).padEnd(6, '0')) : 0);
}

const units = [
  { of: 86400e6, name: 'd' },
  { of: 3600e6, name: 'h' },
  { of: 60e6, name: 'min' },
  { of: 1e6, name: 's' },
  { of: 1e3, name: 'ms' },
  { of: 1, name: 'µs' },
];

/**
 * Says a length of time with its unit and three digits, never rounded to nothing.
 * @param {number} length in microseconds
 * @param {number} [more] further digits
 */
export function duration(length, more = 0) {
  if (!Number.isFinite(length)) return 'unknown';
  const size = Math.abs(length);
  if (size === 0) return '0 ms';
  const unit = units.find((each) => size >= each.of) ?? units[units.length - 1];
  const value = length / unit.of;
  const digits = more + (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
  return `${trimZeros(value.toFixed(unit.of === 1 ? 0 : digits))} ${unit.name}`;
}

/**
 * Says a time as its distance from the begin of the run, such as "+36.6 ms".
 * @param {number} at microseconds since the begin
 * @param {number} [more] further digits
 */
export function offset(at, more = 0) {
  if (!Number.isFinite(at)) return 'no time';
  return at < 0 ? `−${duration(-at, more)}` : `+${duration(at, more)}`;
}

/**
 * Says from when to when, with as many digits as tell them apart.
 * @param {number} from
 * @param {number} to
 */
export function between(from, to) {
  if (from === to) return `at ${offset(from)}`;
  let more = 0;
  while (more < 6 && offset(from, more) === offset(to, more)) more++;
  return `${offset(from, more)} → ${offset(to, more)}`;
}

/**
 * Says the time of day in UTC as the sources have it, such as "01:33:25.099826".
 * @param {string|null|undefined} text
 */
export function clock(text) {
  const found = /T(\d\d:\d\d:\d\d(?:\.\d+)?)/.exec(text ?? '');
  return found ? found[1] : 'no time';
}

/**
 * Says day and time in UTC, such as "2026-11-28 01:33:25".
 * @param {string|null|undefined} text
 */
export function dayAndClock(text) {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(text ?? '');
  return found ? `${found[1]} ${found[2]} UTC` : 'no time';
}

/** @param {string} text */
function trimZeros(text) {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
