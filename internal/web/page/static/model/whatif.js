/**
 * Experiments: what can be predicted, what to type to find out, and what came of a run.
 * @typedef {object} Choice
 * @property {string} id a, b, c …
 * @property {string} says
 * @property {string} [component] of the flow that the choice means
 *
 * @typedef {object} ListedQuestion
 * @property {string} id
 * @property {string} asks
 * @property {Choice[]} choices
 *
 * @typedef {object} Experiment
 * @property {string} name
 * @property {string} title
 * @property {string} before
 * @property {{name: string, kind: string, does: string}[]} steps
 * @property {ListedQuestion[]} questions
 * @property {string[]} [needs]
 *
 * @typedef {{holds: boolean, wanted: string, found: string, evidence?: string[], unavailable?: string}} Finding
 * @typedef {Finding & {says: string}} Check
 * @typedef {ListedQuestion & {predicted?: string, right: string[], correct?: boolean, why: string, evidence: {choice: string, holds: boolean, found: Finding[]}[]}} Answered
 * @typedef {{name: string, does: string, found?: string, problem?: string, revision?: number, etcdAnswered: boolean}} Done
 * @typedef {{step: string, revision?: number, etcdAnswered: boolean, client: string, etcd: {subject: string, state: string, revision?: number}[]}} Tracked
 *
 * @typedef {object} Result
 * @property {string} schemaVersion
 * @property {Experiment} experiment
 * @property {string} outcome
 * @property {string} [problem]
 * @property {Done[]} steps
 * @property {{name: string, says: string, revision?: number, after?: string, by?: string}[]} [timeline]
 * @property {Tracked[]} tracker
 * @property {Answered[]} questions
 * @property {Check[]} checks
 * @property {Check[]} invariants
 * @property {string} explanation
 * @property {string[]} [missing]
 */

/** The version of results that this page reads (experiment.ResultVersion). */
export const resultVersion = 'glassplane.dev/what-if-result/v1';

/** The components of the flow in the order in which a request meets them, by the names of package component. */
const flow = ['User / API client', 'API server', 'etcd', 'Scheduler', 'Controller manager', 'Kubelet', 'kube-controller-manager'];

/**
 * The components of the flow that a choice of a question means, with that choice.
 * Where several choices mean one, none can be told by it.
 * @param {ListedQuestion} question
 * @returns {{component: string, choice: Choice}[]}
 */
export function places(question) {
  const meant = question.choices.filter((each) => each.component);
  return flow.flatMap((component) => {
    const here = meant.filter((each) => each.component === component);
    return here.length === 1 ? [{ component, choice: here[0] }] : [];
  });
}

/**
 * What to type to run an experiment with the answers that were given, the ID of a
 * choice by that of its question. Answers are only said where there is one to each.
 * @param {Experiment} experiment
 * @param {Map<string, string>} answers
 */
export function command(experiment, answers) {
  const given = experiment.questions.map((each) => answers.get(each.id));
  const said = given.length && given.every(Boolean) ? ` --answers=${given.join(',')}` : '';
  return `glassplane what-if run ${experiment.name}${said}`;
}

/**
 * Reads the result that what-if run -o json has written.
 * @param {string} text
 * @returns {Result}
 */
export function readResult(text) {
  let result;
  try {
    result = JSON.parse(text);
  } catch {
    throw new Error('This is no JSON. Write the file with: glassplane what-if run NAME -o json > FILE');
  }
  if (result?.schemaVersion !== resultVersion) {
    const has = result?.schemaVersion ? `has the schemaVersion ${JSON.stringify(result.schemaVersion)}` : 'has no schemaVersion';
    throw new Error(`This is no result of an experiment that this page can read: it ${has}, and ${resultVersion} is read.`);
  }
  for (const list of ['steps', 'tracker', 'questions', 'checks', 'invariants']) {
    if (!Array.isArray(result[list])) throw new Error(`This result is not whole: its field ${list} is no list.`);
  }
  if (!result.experiment?.name) throw new Error('This result is not whole: it does not say which experiment it is of.');
  return result;
}

/**
 * What became of a prediction: right, wrong, none where nobody predicted, and
 * unexpected where no choice is borne out by the evidence.
 * @param {Answered} question
 * @returns {'right'|'wrong'|'none'|'unexpected'}
 */
export function verdict(question) {
  if (!question.right?.length) return 'unexpected';
  if (!question.predicted) return 'none';
  return question.right.includes(question.predicted) ? 'right' : 'wrong';
}

/**
 * How many expectations the evidence bears out.
 * @param {Result} result
 */
export function held(result) {
  const all = [...result.checks, ...result.invariants];
  return { holding: all.filter((each) => each.holds).length, of: all.length };
}
