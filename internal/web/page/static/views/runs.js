// The list of all runs.

import { html, useEffect, useRef, useState } from '../lib.js';
import { RunList, runKey, shortHeadline } from '../model/runs.js';
import { number, plural, visible } from '../model/text.js';
import { runAddress } from '../timeline/address.js';
import { address, get } from '../timeline/api.js';
import { openStream } from '../timeline/stream.js';
import { Connection } from './connection.js';
import { HowToSend } from './howtosend.js';
import { setParams } from './params.js';
import { Notice, Raw } from './pieces.js';
import { Outcome } from './shapes.js';
import { Typed } from './typed.js';
import { VirtualList } from './virtual.js';

/**
 * @typedef {import('../timeline/address.js').Route} Route
 * @typedef {import('../model/runs.js').Listed} Listed
 */

const pageSize = 200;
const narrow = '(max-width: 719px)';

/** @param {{route: Route, info: any}} props */
export function Runs({ route, info }) {
  const { list, state, loaded, problem, more, setHold } = useRuns();
  const isNarrow = useMedia(narrow);
  const { params } = route;
  if (!loaded) {
    return html`<section class="runs" data-state=${problem ? 'error' : 'loading'}>${problem
      ? html`<${Notice} title="The runs cannot be listed:" tone="bad">${visible(problem)}<//><${Connection} state=${state} />`
      : html`<p class="quiet" aria-busy="true">Reading what is recorded …</p>`}</section>`;
  }
  if (list.order.length === 0) {
    return html`<section class="runs" data-state="empty"><header class="runs-head"><h1>All runs</h1><${Connection} state=${state} /></header>
      <${HowToSend} info=${info} /></section>`;
  }
  const rows = list.matching({ search: params.get('q') ?? '', namespace: params.get('ns') ?? '', resource: params.get('kind') ?? '', outcome: params.get('outcome') ?? '' });
  const counts = list.counts();
  const filtered = ['q', 'ns', 'kind', 'outcome'].some((key) => params.get(key));
  return html`<section class="runs" aria-label="All runs" data-state="ready">
    <header class="runs-head"><h1>All runs</h1>
      <p class="quiet">${filtered ? `${number(rows.length)} of ${plural(list.order.length, 'run')}` : plural(list.order.length, 'run')}${more ? ', more when you scroll' : ''}${list.forgotten ? `; ${number(list.forgotten)} older ones left out` : ''}</p>
      <${Connection} state=${state} /></header>
    <div class="runs-tools" role="search">
      <${Typed} type="search" label="Search runs" placeholder="Search name or headline" value=${params.get('q') ?? ''} onValue=${(/** @type {string} */ q) => setParams({ q })} />
      <select aria-label="Namespace" value=${params.get('ns') ?? ''} onChange=${(/** @type {any} */ event) => setParams({ ns: event.target.value })}>
        <option value="">all namespaces</option>${counts.namespaces.map((each) => html`<option key=${each} value=${each}>${visible(each)}</option>`)}</select>
      <select aria-label="Resource" value=${params.get('kind') ?? ''} onChange=${(/** @type {any} */ event) => setParams({ kind: event.target.value })}>
        <option value="">all resources</option>${counts.resources.map((each) => html`<option key=${each} value=${each}>${visible(each)}</option>`)}</select>
      <div class="runs-outcomes" role="group" aria-label="Outcome">${counts.outcomes.map(([outcome, count]) => html`<button type="button" key=${outcome} class="small"
        aria-pressed=${String(params.get('outcome') === outcome)} onClick=${() => setParams({ outcome: params.get('outcome') === outcome ? '' : outcome })}>
        <${Outcome} outcome=${outcome} /> <span class="quiet">${number(count)}</span></button>`)}</div>
      ${filtered && html`<button type="button" class="link" onClick=${() => setParams({ q: '', ns: '', kind: '', outcome: '' })}>Clear</button>`}
    </div>
    ${list.held.length > 0 && html`<button type="button" class="runs-new" onClick=${() => setHold(false)}>▲ ${plural(list.held.length, 'new run')}</button>`}
    <${VirtualList} label="Runs, the newest first" className=${`runs-list panel ${isNarrow ? 'runs-narrow' : ''}`} rowRems=${isNarrow ? 4.1 : 2.35}
      count=${rows.length} row=${(/** @type {number} */ i) => rows[i]} rowKey=${runKey} onEnd=${more}
      onScrolled=${(/** @type {boolean} */ atTop) => setHold(!atTop)}
      onOpen=${(/** @type {Listed} */ run) => { location.hash = runAddress(run.object); }}
      empty=${more ? 'No run that is loaded matches; more are loaded when you scroll.' : 'No run matches the filter.'}
      columns=${[
        { title: 'Requested (UTC)', className: 'runs-time', cell: (/** @type {Listed} */ run) => html`<${When} run=${run} />` },
        { title: 'Outcome', className: 'runs-outcome', cell: (/** @type {Listed} */ run) => (run.outcome ? html`<${Outcome} outcome=${run.outcome} />` : '–') },
        { title: 'Object', className: 'runs-object', cell: (/** @type {Listed} */ run) => html`<a href=${runAddress(run.object)} tabindex="-1" onClick=${(/** @type {Event} */ event) => event.stopPropagation()}><${Raw} title=${visible(nameOf(run))}>${nameOf(run)}<//></a> <span class="quiet">${visible(run.object.resource)}</span>` },
        { title: 'What happened', className: 'grow runs-headline', cell: (/** @type {Listed} */ run) => html`<bdi title=${visible(run.headline ?? '')}>${visible(shortHeadline(run.headline, run.outcome) || 'nothing is told of it yet')}</bdi>` },
      ]} />
  </section>`;
}

/** @param {Listed} run */
function nameOf(run) {
  const name = run.object.name || '(no name)';
  return run.object.namespace ? `${run.object.namespace}/${name}` : name;
}

/** @param {{run: Listed}} props */
function When({ run }) {
  const at = run.requestedAt ?? run.lastSeen;
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(at ?? '');
  if (!found) return html`<span class="quiet">no time</span>`;
  const today = new Date().toISOString().slice(0, 10) === found[1];
  const title = run.requestedAt ? `requested ${at}` : `no audit log has the request; last seen ${at}`;
  return html`<time class=${run.requestedAt ? '' : 'quiet'} datetime=${at} title=${title}>${today ? '' : `${found[1].slice(5)} `}${found[2]}</time>`;
}

/** useRuns reads pages of runs, and follows what is new. */
function useRuns() {
  const [list] = useState(() => new RunList());
  const [state, setState] = useState(/** @type {import('../timeline/stream.js').StreamState} */ ({ state: 'connecting' }));
  const [page, setPage] = useState({ loaded: false, problem: '', next: '' });
  const [, setVersion] = useState(0);
  const hold = useRef(false);
  const loading = useRef(false);
  const changed = () => setVersion((v) => v + 1);
  const load = async (/** @type {string} */ from) => {
    if (loading.current) return;
    loading.current = true;
    try {
      const { items, continue: next } = await get(address(['traces'], { limit: pageSize, continue: from }));
      list.append(items ?? []);
      setPage({ loaded: true, problem: '', next: next ?? '' });
    } catch (error) {
      setPage((p) => ({ ...p, problem: /** @type {Error} */ (error).message }));
    }
    loading.current = false;
  };
  useEffect(() => {
    load('');
    const stream = openStream(address(['traces', 'stream']), {
      events: {
        traces: ({ items }) => {
          list.take(items ?? [], hold.current);
          setPage((p) => ({ ...p, loaded: true, problem: '' }));
          changed();
        },
      },
      onState: setState,
    });
    return () => stream.close();
  }, []);
  const setHold = (/** @type {boolean} */ on) => {
    hold.current = on;
    if (on || list.held.length === 0) return;
    list.release();
    changed();
  };
  const more = page.next && !list.full ? () => load(page.next) : undefined;
  return { list, state, loaded: page.loaded, problem: page.problem, more, setHold };
}

/** @param {string} query */
function useMedia(query) {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setMatches(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, [query]);
  return matches;
}
