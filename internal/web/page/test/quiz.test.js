import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRight, questionFor, score, stepOfQuestion } from '../static/model/quiz.js';

const choice = { id: 'assigned-step', question: '?', choices: ['Step 1', 'Step 4'], answer: 'Step 4' };
const free = { id: 'revision-count', question: '?', answer: '3 states' };

for (const [name, question, given, want] of [
  ['the right choice', choice, 'Step 4', true],
  ['a wrong choice', choice, 'Step 1', false],
  ['the recorded words', free, '3 states', true],
  ['other case and spaces', free, ' 3  States. ', true],
  ['the number alone', free, '3', true],
  ['another number', free, '30', false],
  ['nothing', free, '', false],
]) {
  test(`answer: ${name}`, () => assert.equal(isRight(question, given), want));
}

test('a question is asked at its step, those not answered first', () => {
  const quiz = [choice, { ...choice, id: 'bind-revision' }, free];
  assert.equal(questionFor(quiz, 4, () => false).id, 'assigned-step');
  assert.equal(questionFor(quiz, 4, (id) => id === 'assigned-step').id, 'bind-revision');
  assert.equal(questionFor(quiz, 1, () => false), undefined);
  assert.equal(stepOfQuestion('unknown'), 0);
});

test('the score counts what was answered', () => {
  assert.deepEqual(score(new Map([['a', { right: true }], ['b', { right: false }]])), { right: 1, of: 2 });
});
