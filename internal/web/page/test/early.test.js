import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { get } from '../static/timeline/api.js';
import { askEarly } from '../static/timeline/early.js';

const fetched = globalThis.fetch;
afterEach(() => { globalThis.fetch = fetched; });

const url = new URL('http://127.0.0.1/observer/v1/cluster');

/** Answers each request with its number, or refuses it. @param {(n: number) => Response|Error} answer */
function answerWith(answer) {
  let asked = 0;
  globalThis.fetch = async () => {
    const next = answer(++asked);
    if (next instanceof Error) throw next;
    return next;
  };
  return () => asked;
}

test('what was asked for early is not asked for again, and is handed out once', async () => {
  const asked = answerWith((n) => Response.json({ n }));
  askEarly(url);
  assert.deepEqual(await get(url), { n: 1 });
  assert.equal(asked(), 1);
  assert.deepEqual(await get(url), { n: 2 });
});

test('who takes what was asked for early hears of its failure', async () => {
  answerWith((n) => (n === 1 ? new Error('refused') : Response.json({ n })));
  askEarly(url);
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(get(url), /does not answer/);
  assert.deepEqual(await get(url), { n: 2 });
});
