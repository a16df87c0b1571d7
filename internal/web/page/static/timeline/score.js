/**
 * The score of the quiz.
 * @typedef {import('../model/types.js').Question} Question
 */
import { isRight } from '../model/quiz.js';
import { signal } from '../vendor/signals-core.js';

/** @typedef {ReturnType<typeof createScore>} Score */

/** The answers given so far, in memory only. */
export function createScore() {
  const answers = signal(/** @type {Map<string, {given: string, right: boolean}>} */ (new Map()));
  return {
    answers,
    /** @param {Question} question @param {string} given @param {boolean} [right] as the reader judges a free answer */
    give(question, given, right = isRight(question, given)) {
      answers.value = new Map(answers.value).set(question.id, { given, right });
    },
    clear() {
      answers.value = new Map();
    },
  };
}
