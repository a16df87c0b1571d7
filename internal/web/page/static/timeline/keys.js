/**
 * What the keys do. Pure: a key and what came before it give a command.
 */

/** The keys, for the help. */
export const keys = [
  ['← →', 'the moment before, the next one'],
  ['shift ← →', 'the revision before, the next one'],
  ['Home End', 'before everything, the newest'],
  ['space', 'play, pause'],
  ['g then a number', 'go to a step (1 to 8) or a revision; Enter ends the number'],
  ['1 … 9', 'Flow, Table, Tracker, Key moments, Quiz, What if, Snapshot, Transcript, Evidence'],
  ['c l a d', 'Cluster, Latency, All runs, Two runs'],
  ['.', 'LIVE: follow the newest'],
  ['p', 'predict what comes next'],
  ['t', 'light, dark, as the system has it'],
  ['?', 'this help'],
  ['Esc', 'close'],
];

/**
 * @typedef {object} Command
 * @property {'step'|'revision'|'start'|'end'|'play'|'goto'|'screen'|'live'|'predict'|'theme'|'help'|'close'|'none'} do
 * @property {number} [count]
 * @property {string} [key]
 * @property {string} typed what has been typed of a jump; starts with g, empty for none
 */

/**
 * @param {{key: string, shiftKey: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean}} event
 * @param {string} typed
 * @returns {Command}
 */
export function command(event, typed) {
  const { key, shiftKey } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return { do: 'none', typed };
  if (typed) return jump(key, typed);
  const arrows = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });
  if (key in arrows) return { do: shiftKey ? 'revision' : 'step', count: arrows[key], typed: '' };
  const plain = /** @type {Record<string, Command['do']>} */ ({
    Home: 'start', End: 'end', ' ': 'play', '.': 'live', p: 'predict', t: 'theme', '?': 'help', Escape: 'close',
  });
  if (plain[key]) return { do: plain[key], typed: '' };
  if (key === 'g') return { do: 'none', typed: 'g' };
  if (/^[1-9clad]$/.test(key)) return { do: 'screen', key, typed: '' };
  return { do: 'none', typed: '' };
}

/**
 * A single digit below 9 is a step; more digits are a revision.
 * @param {string} key
 * @param {string} typed
 * @returns {Command}
 */
function jump(key, typed) {
  if (/^\d$/.test(key)) return { do: 'none', typed: typed + key };
  const number = typed.slice(1);
  if (key === 'Enter' && number) return { do: 'goto', count: Number(number), typed: '' };
  if (key === 'Backspace') return { do: 'none', typed: typed.slice(0, -1) };
  return { do: 'none', typed: '' };
}
