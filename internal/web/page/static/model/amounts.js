// Amounts of CPU and memory in words.

import { number } from './text.js';

/**
 * cpu says millicores as cores.
 * @param {number} millicores
 */
export function cpu(millicores) {
  if (millicores > 0 && millicores < 10) return `${millicores} ${millicores === 1 ? 'millicore' : 'millicores'}`;
  return `${amount(millicores / 1000)} ${millicores === 1000 ? 'core' : 'cores'}`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** memory says bytes in the largest unit of which there is one. @param {number} bytes */
export function memory(bytes) {
  let unit = 0;
  let value = bytes;
  for (; Math.abs(value) >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${amount(value)} ${units[unit]}`;
}

/** @param {number} value */
function amount(value) {
  return number(value, Math.abs(value) < 10 ? 2 : 1);
}

/**
 * percent of a share, never rounded to nothing or to all.
 * @param {number|undefined} share
 */
export function percent(share) {
  if (share === undefined) return 'none';
  const value = share * 100;
  if (value > 0 && value < 1) return '< 1 %';
  if (value > 99 && value < 100) return '> 99 %';
  return `${Math.round(value)} %`;
}

/**
 * rate says a number per second.
 * @param {number} perSecond
 */
export function rate(perSecond) {
  if (perSecond > 0 && perSecond < 0.05) return '< 0.1';
  return number(perSecond, perSecond < 10 ? 1 : 0);
}
