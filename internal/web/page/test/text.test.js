import assert from 'node:assert/strict';
import { test } from 'node:test';
import { number, plural, references, short, visible } from '../static/model/text.js';

for (const [name, text, want] of [
  ['plain text', 'web-1', 'web-1'],
  ['markup stays text', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ['an escape sequence', 'a\u001b[31mb', 'a⟨U+001B⟩[31mb'],
  ['a null', 'a\u0000b', 'a⟨U+0000⟩b'],
  ['a delete', 'a\u007fb', 'a⟨U+007F⟩b'],
  ['a turn of direction', 'a\u202eb', 'a⟨U+202E⟩b'],
  ['an isolate', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
  ['no width', 'a\u200bb', 'a⟨U+200B⟩b'],
  ['lines and tabs stay', 'a\n\tb', 'a\n\tb'],
  ['nothing', undefined, ''],
  ['letters of other scripts stay', 'پاد ポッド', 'پاد ポッド'],
]) {
  test(`visible: ${name}`, () => assert.equal(visible(text), want));
}

test('a short text says that it is one', () => {
  assert.equal(short('node-1', 6), 'node-1');
  assert.equal(short('node-11', 6), 'node-…');
  assert.equal(short('🙂🙂🙂', 2), '🙂…');
});

test('a count agrees with its noun', () => {
  assert.equal(plural(1, 'piece'), '1 piece');
  assert.equal(plural(1200, 'entry', 'entries'), '1,200 entries');
});

test('a text leads to the steps and revisions that it names', () => {
  const parts = references('Step 3 made revision 305 by 01:33:25.099826.');
  assert.deepEqual(parts.map((each) => [each.text, each.step, each.revision]), [
    ['Step 3', 3, undefined], [' made ', undefined, undefined], ['revision 305', undefined, 305], [' by ', undefined, undefined],
    ['01:33:25.099826', undefined, undefined], ['.', undefined, undefined],
  ]);
});

for (const [value, digits, want] of /** @type {[number, number|undefined, string][]} */ ([
  [0, undefined, '0'], [999, undefined, '999'], [1000, undefined, '1,000'], [1234567, undefined, '1,234,567'], [-50000, undefined, '-50,000'],
  [1.25, 1, '1.3'], [1234.5, 2, '1,234.5'], [0.04, 1, '0'], [99999.999, 2, '100,000'],
])) {
  test(`${value} with ${digits ?? 'no'} digits is ${want}`, () => assert.equal(number(value, digits), want));
}
