/**
 * Two runs beside each other, with one cursor by step.
 * @typedef {import('../model/run.js').OpenRun} OpenRun
 * @typedef {import('../model/compare.js').Row} Row
 * @typedef {import('../model/compare.js').Side} Side
 */
import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { alike, compareEndings, compareSteps, rowAfter, storedAt } from '../model/compare.js';
import { openRun } from '../model/run.js';
import { visible } from '../model/text.js';
import { offset } from '../model/time.js';
import { runAddress } from '../timeline/address.js';
import { address, get } from '../timeline/api.js';
import { readRun } from '../timeline/openfile.js';
import { setParams } from './params.js';
import { Component, Difference, Notice, Raw } from './pieces.js';
import { Outcome } from './shapes.js';

const listed = 200;
/** How often a run is asked for that is not complete. */
const pollEvery = 2000;

const sides = /** @type {const} */ ([['a', 'Left'], ['b', 'Right']]);

/** @param {{route: import('../timeline/address.js').Route}} props */
export function Compare({ route }) {
  const { params } = route;
  const left = useRun(params.get('a') ?? '');
  const right = useRun(params.get('b') ?? '');
  const choices = useChoices();
  return html`<section class="compare" aria-label="Two runs" data-state=${left.loading || right.loading ? 'loading' : 'ready'}>
    <header class="view-head"><h1>Two runs</h1><p class="quiet">step by step, beside each other; what differs is marked with <span class="differs">≠</span></p></header>
    <div class="compare-heads">${sides.map(([key, title]) => html`<${Chooser} key=${key} side=${key} title=${title} chosen=${params.get(key) ?? ''} run=${key === 'a' ? left : right} choices=${choices} />`)}</div>
    ${left.open && right.open ? html`<${Both} left=${left.open} right=${right.open} at=${Number(/^step(\d+)$/.exec(params.get('at') ?? '')?.[1] ?? 0)} />`
      : html`<p class="lead">Choose a run for each side: two that are recorded, or files that <b>Save</b> or <code>walk -o html</code> wrote, as before and after a change, or the two endings of a fork.</p>`}
  </section>`;
}

/**
 * @typedef {object} Chosen
 * @property {OpenRun|undefined} open
 * @property {string} problem
 * @property {boolean} loading
 * @property {(file: File) => void} openFile
 * @property {() => void} clear
 */

/**
 * useRun brings the run that an address names, or that a file has.
 * @param {string} ref resource/namespace/name/uid; empty for none
 * @returns {Chosen}
 */
function useRun(ref) {
  const [state, setState] = useState(/** @type {{open?: OpenRun, problem: string, loading: boolean}} */ ({ problem: '', loading: false }));
  useEffect(() => {
    if (!ref) return;
    const [resource, namespace, name, uid] = ref.split('/');
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      try {
        const run = await get(address(['runs', resource, namespace || '-', name ?? ''], { uid }), stop.signal);
        setState({ open: openRun(run), problem: '', loading: false });
        if (!run.trace.complete) timer = window.setTimeout(ask, pollEvery);
      } catch (error) {
        if (!stop.signal.aborted) setState({ problem: /** @type {Error} */ (error).message, loading: false });
      }
    };
    setState({ problem: '', loading: true });
    ask();
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [ref]);
  const openFile = (/** @type {File} */ file) => readRun(file).then(
    (run) => setState({ open: openRun(run), problem: '', loading: false }),
    (/** @type {Error} */ error) => setState({ problem: error.message, loading: false }),
  );
  const clear = () => setState({ problem: '', loading: false });
  return { open: state.open, problem: state.problem, loading: state.loading, openFile, clear };
}

/** useChoices are the newest runs, for who chooses. */
function useChoices() {
  const [items, setItems] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    const stop = new AbortController();
    get(address(['traces'], { limit: listed }), stop.signal).then((page) => setItems(page.items ?? []), () => {});
    return () => stop.abort();
  }, []);
  return items;
}

/** @param {any} object */
function refOf({ resource, namespace = '', name = '', uid = '' }) {
  return [resource, namespace, name, uid].join('/');
}

/** @param {{side: 'a'|'b', title: string, chosen: string, run: Chosen, choices: any[]}} props */
function Chooser({ side, title, chosen, run, choices }) {
  const file = useRef(/** @type {HTMLInputElement|null} */ (null));
  const refs = choices.map((each) => refOf(each.object));
  const trace = run.open?.trace;
  return html`<div class="panel compare-head" data-side=${side}>
    <h2 class="quiet">${title}</h2>
    <div class="compare-choose">
      <select aria-label=${`Run at the ${title.toLowerCase()}`} value=${chosen} onChange=${(/** @type {any} */ event) => {
        run.clear();
        setParams({ [side]: event.target.value, at: '' });
      }}>
        <option value="">${run.open && !chosen ? 'from a file' : 'choose a run …'}</option>
        ${chosen && !refs.includes(chosen) ? html`<option value=${chosen}>${visible(chosen.split('/').slice(0, 3).join('/'))}</option>` : null}
        ${choices.map((each, i) => html`<option key=${refs[i]} value=${refs[i]}>${visible([each.object.resource, each.object.namespace, each.object.name].filter(Boolean).join('/'))}${each.outcome ? `, ${visible(each.outcome)}` : ''}${each.requestedAt ? `, ${each.requestedAt.slice(11, 19)}` : ''}</option>`)}
      </select>
      <button type="button" onClick=${() => file.current?.click()}>Open a file</button>
      <input ref=${file} type="file" hidden accept=".html,.json" aria-label=${`File of a run for the ${title.toLowerCase()}`} onChange=${(/** @type {any} */ event) => {
        const [chosenFile] = event.target.files;
        if (!chosenFile) return;
        setParams({ [side]: '', at: '' });
        run.openFile(chosenFile);
        event.target.value = '';
      }} />
    </div>
    ${run.problem ? html`<${Notice} title="Not shown:" tone="bad"><bdi>${visible(run.problem)}</bdi><//>` : null}
    ${run.loading ? html`<p class="quiet" aria-busy="true">Reading the run …</p>` : null}
    ${trace ? html`<p class="compare-subject"><${Outcome} outcome=${trace.outcome} /> <${Raw}>${[trace.subject.namespace, trace.subject.name].filter(Boolean).join('/')}<//>
      ${chosen ? html` <a href=${runAddress(trace.subject)}>Open it</a>` : null}${trace.complete ? null : html` <span class="tone-wait">still going on</span>`}</p>
      <p><bdi>${visible(trace.headline)}</bdi></p>` : null}
  </div>`;
}

/** @param {{left: OpenRun, right: OpenRun, at: number}} props */
function Both({ left, right, at }) {
  const rows = useMemo(() => compareSteps(left, right), [left, right]);
  const row = rows.find((each) => each.step === at) ?? rows.find((each) => each.marks.length) ?? rows[0];
  const go = (/** @type {number} */ index) => setParams({ at: `step${rows[index].step}` });
  useEffect(() => {
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (!row || event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select, textarea')) return;
      const to = /** @type {Record<string, number>} */ ({ ArrowLeft: rowAfter(rows, row.step, -1), ArrowRight: rowAfter(rows, row.step, 1), Home: 0, End: rows.length - 1 })[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(to);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [rows, row?.step]);
  if (!row) return html`<${Notice} title="No step is recorded of either run.">There is nothing to compare.<//>`;
  return html`<div class="compare-both" data-step=${row.step}>
    <${Steps} rows=${rows} row=${row} go=${go} />
    <${AtStep} key=${row.step} left=${left} right=${right} row=${row} />
    <${Endings} left=${left} right=${right} />
  </div>`;
}

/** What a mark says. */
const marks = { 'only here': 'only one run has it', what: 'something else happened', when: 'more than twice as long', object: 'etcd has something else' };

/** @param {{rows: Row[], row: Row, go: (index: number) => void}} props */
function Steps({ rows, row, go }) {
  return html`<section class="panel compare-steps" aria-label="Steps"><h2>Steps <span class="quiet"><kbd>←</kbd> <kbd>→</kbd></span></h2>
    <ol>${rows.map((each, index) => html`<li key=${each.step} class=${each === row ? 'here' : ''} aria-current=${each === row ? 'step' : undefined}>
      <button type="button" class="compare-step" data-step=${each.step} onClick=${() => go(index)}>
        <span class="step-number">${each.step}</span>
        <${Half} side=${each.left} /><${Half} side=${each.right} />
        <span class="compare-marks">${each.marks.length ? html`<span class="differs" aria-hidden="true">≠</span> ${each.marks.map((mark) => marks[mark]).join(', ')}` : html`<span class="quiet">alike</span>`}</span>
      </button></li>`)}</ol></section>`;
}

/** @param {{side: Side|undefined}} props */
function Half({ side }) {
  if (!side) return html`<span class="compare-half quiet"><span>–</span> <span>did not happen, or no source has it</span></span>`;
  return html`<span class="compare-half"><span class="raw">${side.t === undefined ? 'no time' : offset(side.t)}</span> <span><${Component} component=${side.component} /> <bdi>${visible(side.action)}</bdi></span></span>`;
}

/** @param {{left: OpenRun, right: OpenRun, row: Row}} props */
function AtStep({ left, right, row }) {
  const [whole, setWhole] = useState(false);
  const stored = [storedAt(left, row.left), storedAt(right, row.right)];
  const shown = useMemo(() => (whole ? stored : stored.map(alike)), [left, right, row, whole]);
  const same = JSON.stringify(shown[0]) === JSON.stringify(shown[1]);
  return html`<section class="panel compare-at" aria-label=${`Step ${row.step}`}><h2>At step ${row.step}</h2>
    <div class="compare-effects">${[row.left, row.right].map((side, i) => html`<div key=${i}><h3 class="quiet">${sides[i][1]}</h3>
      <p>${side?.effect ? html`<bdi>${visible(side.effect)}</bdi>` : html`<span class="quiet">${side ? 'Nothing more is told of it.' : 'It did not happen, or no source has it.'}</span>`}</p>
      <p class="quiet">${side?.revision ? `etcd: revision ${side.revision}` : 'etcd: nothing stored'}${side?.revision && !stored[i] ? ', whose object nobody kept' : ''}</p></div>`)}</div>
    <div class="section-head"><h3>What etcd has, from left to right</h3>
      <label class="check"><input type="checkbox" checked=${whole} onChange=${(/** @type {any} */ event) => setWhole(event.target.checked)} /> identity and times, too</label></div>
    ${stored[0] || stored[1] ? same ? html`<p class="quiet">The same.</p>` : html`<${Difference} before=${shown[0]} after=${shown[1]} testid="compare-difference" />` : html`<p class="quiet">Nothing on either side.</p>`}
  </section>`;
}

/** @param {{left: OpenRun, right: OpenRun}} props */
function Endings({ left, right }) {
  const facts = compareEndings(left, right);
  return html`<section class="panel compare-endings" aria-label="Endings"><h2>How they ended</h2>
    <div class="table-scroll" tabindex="0" role="region" aria-label="Endings of both"><table>
      <thead><tr><th scope="col">What</th><th scope="col">Left</th><th scope="col">Right</th></tr></thead>
      <tbody>${facts.map((fact) => html`<tr key=${fact.what} class=${fact.differs ? 'is-different' : ''}><th scope="row">${fact.differs ? html`<span class="differs" aria-label="differs:">≠</span> ` : null}${fact.what}</th>
        <td><bdi>${visible(fact.left) || '–'}</bdi></td><td><bdi>${visible(fact.right) || '–'}</bdi></td></tr>`)}</tbody></table></div></section>`;
}
