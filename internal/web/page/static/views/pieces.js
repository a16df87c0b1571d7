/**
 * Small pieces that several views are made of.
 * @typedef {import('../timeline/timeline.js').Timeline} Timeline
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 */
import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { difference, onlyChanged, yamlLines } from '../model/object.js';
import { references, visible } from '../model/text.js';
import { clock, offset } from '../model/time.js';
import { format, parse } from '../timeline/address.js';
import { kindOf, Shape } from './shapes.js';

/**
 * What a machine wrote: kept apart from the text around it.
 * @param {{children?: any, class?: string, title?: string}} props
 */
export function Raw({ children, class: name = '', title = undefined }) {
  return html`<bdi class=${`raw ${name}`} title=${title}>${visible([children].flat().join(''))}</bdi>`;
}

/**
 * A text whose steps, revisions and times lead to the cursor that they name.
 * @param {{timeline: Timeline, text?: string, class?: string}} props
 */
export function Prose({ timeline, text = '', class: name = '' }) {
  const open = timeline.open.value;
  if (!open) return null;
  return html`<span class=${`prose ${name}`}>${references(text).map((part) => {
    if (part.step && open.step.has(part.step)) return html`<${Go} place=${`step${part.step}`} onGo=${() => timeline.seekPlace({ step: part.step })}>${part.text}<//>`;
    if (part.revision && open.states.has(part.revision)) return html`<${Go} place=${`rev${part.revision}`} onGo=${() => timeline.seekPlace({ revision: part.revision })}>${part.text}<//>`;
    return part.text;
  })}</span>`;
}

/**
 * A link to a place of the cursor. It is an address, too, for who wants to share it.
 * @param {{place: string, onGo: () => void, children?: any}} props
 */
function Go({ place, onGo, children }) {
  const route = parse(location.hash);
  route.params.set('at', place);
  const act = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onGo();
  };
  return html`<a class="go" href=${format(route)} onClick=${act}>${children}</a>`;
}

/**
 * A long text that is cut until the reader asks for it.
 * @param {{timeline: Timeline, text?: string, most?: number}} props
 */
export function LongProse({ timeline, text = '', most = 280 }) {
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [text]);
  if (text.length <= most + 60) return html`<${Prose} timeline=${timeline} text=${text} />`;
  const cut = text.slice(0, most).replace(/\s+\S*$/, '');
  return html`<span><${Prose} timeline=${timeline} text=${all ? text : `${cut} …`} />
    ${' '}<button type="button" class="link" aria-expanded=${all} onClick=${() => setAll(!all)}>${all ? 'less' : 'more'}</button></span>`;
}

/**
 * A component by shape and name.
 * @param {{component?: string, kind?: string, name?: string, size?: number}} props
 */
export function Component({ component = '', kind = undefined, name = undefined, size = 14 }) {
  const of = kind ?? kindOf(component);
  return html`<span class=${`component of-${of}`}><${Shape} kind=${of} size=${size} /> <bdi>${visible(name ?? component)}</bdi></span>`;
}

/**
 * Copies a text; says so for a moment.
 * @param {{text: () => string, label?: string}} props
 */
export function Copy({ text, label = 'Copy' }) {
  const [done, setDone] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setDone('Copied');
    } catch {
      setDone('Not allowed by the browser');
    }
    setTimeout(() => setDone(''), 1600);
  };
  return html`<button type="button" class="small" onClick=${copy}><span aria-live="polite">${done || label}</span></button>`;
}

/**
 * JSON, as its source delivered it.
 * @param {{value: any}} props
 */
export function Json({ value }) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value]);
  return html`<pre class="code" tabindex="0"><code>${visible(text)}</code></pre>`;
}

/**
 * An object as YAML. Lines that are new in it are marked.
 * @param {{object: any, before?: any, marked?: boolean, testid?: string}} props
 */
export function StoredObject({ object, before = undefined, marked = true, testid = 'stored-object' }) {
  const [managed, setManaged] = useState(false);
  const lines = useMemo(() => {
    if (!marked) return yamlLines(object).map((line) => ({ ...line, sign: ' ' }));
    return difference(before, object).filter((each) => each.sign !== '-');
  }, [object, before, marked]);
  const shown = managed ? lines : lines.filter((line) => !line.managed);
  return html`<pre class="code" tabindex="0" data-testid=${testid}><code>${shown.map((line) =>
      html`<span class=${line.sign === '+' && before ? 'line added' : 'line'}>${line.text}${'\n'}</span>`)}</code></pre>
    <${Managed} hidden=${lines.length - lines.filter((line) => !line.managed).length} shown=${managed} onToggle=${() => setManaged(!managed)} />`;
}

/**
 * What one state changed of the one before.
 * @param {{before: any, after: any, whole?: boolean, testid?: string}} props
 */
export function Difference({ before, after, whole = false, testid = undefined }) {
  const [managed, setManaged] = useState(false);
  const changes = useMemo(() => difference(before, after), [before, after]);
  const relevant = managed ? changes : changes.filter((each) => !each.managed);
  const shown = whole ? relevant : onlyChanged(relevant);
  const hiddenLines = changes.filter((each) => each.managed && (whole || each.sign !== ' ')).length;
  if (!shown.length && !hiddenLines) return html`<p class="quiet">Nothing changed.</p>`;
  return html`<pre class="code diff" tabindex="0" data-testid=${testid}><code>${shown.length ? null : 'Only managedFields changed.'}${shown.map((each) =>
      html`<span class=${each.sign === '+' ? 'line added' : each.sign === '-' ? 'line removed' : 'line'}><span class="sign">${each.sign}</span>${each.text}${'\n'}</span>`)}</code></pre>
    <${Managed} hidden=${hiddenLines} shown=${managed} onToggle=${() => setManaged(!managed)} />`;
}

/** @param {{hidden: number, shown: boolean, onToggle: () => void}} props */
function Managed({ hidden, shown, onToggle }) {
  if (!hidden) return null;
  return html`<button type="button" class="link small-text" aria-expanded=${shown} onClick=${onToggle}>
    ${shown ? 'Hide managedFields' : `${hidden} lines of managedFields not shown`}</button>`;
}

/**
 * A time as its distance from the begin; the time of day is behind it.
 * @param {{open: OpenRun, time?: string|null}} props
 */
export function At({ open, time = undefined }) {
  if (!time) return html`<span class="quiet" title="no source has this time">no time</span>`;
  return html`<time class="raw" datetime=${time} title=${`${clock(time)} UTC`}>${offset(open.since(time))}</time>`;
}

/**
 * Says that there is nothing to show, and why.
 * @param {{title: string, children?: any, tone?: string}} props
 */
export function Notice({ title, children, tone = 'calm' }) {
  return html`<div class=${`notice tone-${tone}`} role="note"><strong>${title}</strong> <span>${children}</span></div>`;
}

/**
 * What is hidden until the reader has predicted it.
 * @param {{timeline: Timeline, what?: string}} props
 */
export function Hidden({ timeline, what = 'What comes next' }) {
  return html`<div class="notice hidden-part" role="note"><strong>${what} is hidden.</strong>${' '}
    <button type="button" class="link" onClick=${() => { timeline.asked.value = true; }}>Say first who acts next</button></div>`;
}

/**
 * The size of an element, kept up to date.
 * @returns {[import('../vendor/preact.js').RefObject<any>, {width: number, height: number}]}
 */
export function useSize() {
  const ref = useRef(/** @type {any} */ (null));
  const [box, setBox] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry.contentRect;
      setBox({ width: Math.round(width), height: Math.round(height) });
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, box];
}

/** Whether the reader wants no motion. */
export function still() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/**
 * Keeps what is at the cursor in sight while the reader moves it; not while LIVE does.
 * @param {Timeline} timeline
 * @param {boolean} here
 */
export function useInSight(timeline, here) {
  const ref = useRef(/** @type {any} */ (null));
  useEffect(() => {
    if (here && !timeline.live.peek()) ref.current?.scrollIntoView({ block: 'nearest' });
  }, [here]);
  return ref;
}
