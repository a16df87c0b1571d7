/**
 * Questions about a run and the score of whoever answers them.
 * @typedef {import('./types.js').Question} Question
 */

/** The step that a question belongs to, so that it is asked where it helps. */
const stepOf = /** @type {Record<string, number>} */ ({
  'request-user': 1,
  'authorization-reason': 2,
  'audit-level': 2,
  'no-write': 3,
  'first-place': 3,
  'made-revisions': 3,
  'found-revision': 3,
  'assigned-step': 4,
  'bind-revision': 4,
  'second-node': 4,
  'most-rejections': 4,
  'status-writer': 5,
  'next-component': 5,
  'state-after-step-6': 6,
  'revision-count': 6,
  'answer-code': 7,
});

/**
 * The question to ask at a step: one of it that is not answered yet.
 * @param {Question[]} quiz
 * @param {number} step
 * @param {(id: string) => boolean} answered
 */
export function questionFor(quiz, step, answered) {
  const here = quiz.filter((each) => stepOf[each.id] === step);
  return here.find((each) => !answered(each.id)) ?? here[0];
}

/**
 * The step at which a question is asked; 0 for none.
 * @param {string} id
 */
export function stepOfQuestion(id) {
  return stepOf[id] ?? 0;
}

/**
 * Whether what was given is the recorded answer. Of an answer without choices the
 * case, the spaces and what follows a number do not count.
 * @param {Question} question
 * @param {string} given
 */
export function isRight(question, given) {
  if (question.choices?.length) return given === question.answer;
  const want = plain(question.answer ?? '');
  const got = plain(given);
  return got !== '' && (got === want || (/^\d+$/.test(got) && want.startsWith(`${got} `)));
}

/** @param {string} text */
function plain(text) {
  return text.trim().toLowerCase().replace(/\s+/g, ' ').replace(/[."“”]/g, '');
}

/**
 * @param {Map<string, {right: boolean}>} answers
 */
export function score(answers) {
  let right = 0;
  for (const each of answers.values()) if (each.right) right++;
  return { right, of: answers.size };
}
