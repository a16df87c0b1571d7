/**
 * Predicting: what comes next stays hidden until the reader has said who acts. Pure.
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */

/**
 * @typedef {object} Prediction
 * @property {number} frontier index of the last moment that may be seen
 * @property {{moment: number, actor: string, right: boolean}[]} guesses
 */

/** The answer that nobody acts any more. */
export const nobody = 'nobody';

/**
 * Begins where the reader stands.
 * @param {number} moment
 * @returns {Prediction}
 */
export function begin(moment) {
  return { frontier: moment, guesses: [] };
}

/**
 * Who may be guessed: everybody who takes part, and nobody.
 * @param {OpenRun} open
 */
export function choices(open) {
  return [...open.actors.map((each) => each.id), nobody];
}

/**
 * Who acts next; nobody at the end.
 * @param {OpenRun} open
 * @param {Prediction} prediction
 */
export function answer(open, prediction) {
  return open.moments[prediction.frontier + 1]?.actor ?? nobody;
}

/**
 * Takes a guess; right or wrong, the next moment may then be seen.
 * @param {OpenRun} open
 * @param {Prediction} prediction
 * @param {string} actor
 * @returns {Prediction}
 */
export function guess(open, prediction, actor) {
  const right = actor === answer(open, prediction);
  const moment = prediction.frontier + 1;
  return { frontier: Math.min(moment, open.moments.length), guesses: [...prediction.guesses, { moment, actor, right }] };
}

/**
 * Whether all has been seen: the end too was guessed.
 * @param {OpenRun} open
 * @param {Prediction} prediction
 */
export function finished(open, prediction) {
  return prediction.frontier >= open.moments.length;
}

/**
 * The time up to which may be seen.
 * @param {OpenRun} open
 * @param {Prediction|null} prediction
 */
export function horizon(open, prediction) {
  if (!prediction || prediction.frontier >= open.moments.length - 1) return Infinity;
  return open.moments[prediction.frontier]?.t ?? -1;
}
