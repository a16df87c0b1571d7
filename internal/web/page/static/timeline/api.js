// What the page asks of the observer. Addresses are relative, so that the page
// works below any path.

import { takeEarly } from './early.js';

const prefix = 'observer/v1/';

/** ApiError is an answer that is not a success, in the server's own words. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [code] of HTTP; none where there was no answer
   */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * address of an endpoint. Parts of the path are escaped.
 * @param {string[]} path
 * @param {Record<string, string|number|undefined>} [query] without those that are undefined or empty
 */
export function address(path, query = {}) {
  const url = new URL(prefix + path.map(encodeURIComponent).join('/'), document.baseURI);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') url.searchParams.set(key, String(value));
  }
  url.hash = '';
  return url;
}

/**
 * get asks for a JSON document.
 * @param {URL} url
 * @param {AbortSignal} [signal]
 */
export function get(url, signal) {
  return ask(url, { signal });
}

/**
 * post sends a JSON document. The token proves that this page sends it.
 * @param {URL} url
 * @param {unknown} body
 * @param {string} csrf
 */
export function post(url, body, csrf) {
  const headers = { 'Content-Type': 'application/json', 'X-Glassplane-CSRF': csrf };
  return ask(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

/**
 * @param {URL} url
 * @param {RequestInit} init
 */
async function ask(url, init) {
  let response;
  try {
    response = await (takeEarly(url) ?? fetch(url, { ...init, headers: { Accept: 'application/json', ...init.headers } }));
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError('the observer does not answer');
  }
  const body = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(body?.message ?? `the observer answered ${response.status} ${response.statusText}`, response.status);
  if (body === undefined) throw new ApiError('the observer answered with something else than JSON', response.status);
  return body;
}
