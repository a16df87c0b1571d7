// What a screen of the cluster keeps in the address, so that opening it restores it.

import { format, parse } from '../timeline/address.js';

/**
 * setParams changes parameters of the address.
 * @param {Record<string, string>} changes an empty value removes one
 * @param {boolean} [push] keep the address before, so that one can go back
 */
export function setParams(changes, push = false) {
  const route = parse(location.hash);
  for (const [key, value] of Object.entries(changes)) {
    if (value) route.params.set(key, value);
    else route.params.delete(key);
  }
  const hash = format(route);
  if (push) location.hash = hash;
  else location.replace(hash);
}
