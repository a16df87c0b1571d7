// What was asked for before it is needed: while the page's modules are still on
// their way, so that both arrive at the same time.

/** Answers by their address, until somebody takes them. @type {Map<string, Promise<Response>>} */
const asked = new Map();

/**
 * askEarly asks for what will be asked for once the modules are there.
 * @param {URL} url
 */
export function askEarly(url) {
  const answer = fetch(url, { headers: { Accept: 'application/json' } });
  // Who takes it hears of a failure.
  answer.catch(() => {});
  asked.set(String(url), answer);
}

/**
 * takeEarly hands out what was asked for, once.
 * @param {URL} url
 */
export function takeEarly(url) {
  const answer = asked.get(String(url));
  asked.delete(String(url));
  return answer;
}
