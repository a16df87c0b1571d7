// The Latency screen: where the time of all recorded pods went.

import { html, useEffect, useMemo, useRef, useState } from '../lib.js';
import { decades, extent, total, waterfall } from '../model/latency.js';
import { number, plural, visible } from '../model/text.js';
import { clock, duration } from '../model/time.js';
import { runAddress } from '../timeline/address.js';
import { address, get } from '../timeline/api.js';
import { scaleLinear, scaleLog } from '../vendor/d3-scale.js';
import { Component, Notice, useSize } from './pieces.js';
import { kindOf } from './shapes.js';

/**
 * @typedef {import('../model/latency.js').Hop} Hop
 * @typedef {import('../model/latency.js').Latency} LatencyOf
 * @typedef {import('../model/latency.js').Bucket} Bucket
 * @typedef {import('../model/latency.js').Quantile} Quantile
 */

const every = 5000;
const chartHeight = 44;
const quantiles = /** @type {const} */ (['p50', 'p90', 'p99']);

/** @param {{route: import('../timeline/address.js').Route}} props */
export function Latency({ route }) {
  const { latency, problem } = useLatency();
  const [quantile, setQuantile] = useState(/** @type {Quantile} */ ('p50'));
  if (!latency) {
    return html`<section class="latency" data-state=${problem ? 'error' : 'loading'}>${problem
      ? html`<${Notice} title="Latency cannot be shown:" tone="bad">${visible(problem)}<//>`
      : html`<p class="quiet" aria-busy="true">Adding up all recorded pods …</p>`}</section>`;
  }
  const hops = latency.hops ?? [];
  if (latency.pods === 0) {
    return html`<section class="latency" data-state="empty"><h1>Latency</h1>
      <p class="lead">No pod is recorded yet. As soon as one is, its way from create to Running is here, part by part. <a href="#/runs">How to send a request</a></p></section>`;
  }
  return html`<section class="latency" aria-label="Latency" data-state="ready">
    <header class="latency-head"><h1>Latency</h1>
      <p class="quiet">Where the time of ${plural(latency.pods, 'recorded pod')} went, from create to Running${latency.forgotten ? `; ${plural(latency.forgotten, 'older pod')} forgotten` : ''}.
        As of ${clock(latency.collectedAt).slice(0, 8)} UTC.</p>
      ${problem && html`<p class="bad" role="status">Not live: <bdi>${visible(problem)}</bdi></p>`}</header>
    <${Whole} hops=${hops} />
    <${Chart} hops=${hops} quantile=${quantile} setQuantile=${setQuantile} />
    <p class="quiet latency-note">Each bar counts the pods whose time was within its limits; it opens one of them. Times are logarithmic: from line to line ten times longer.</p>
  </section>`;
}

/** useLatency asks again now and then while the screen is seen. */
function useLatency() {
  const [latency, setLatency] = useState(/** @type {LatencyOf|undefined} */ (undefined));
  const [problem, setProblem] = useState('');
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      try {
        if (!document.hidden) setLatency(await get(address(['latency']), stop.signal));
        setProblem('');
      } catch (error) {
        if (stop.signal.aborted) return;
        setProblem(/** @type {Error} */ (error).message);
      }
      timer = window.setTimeout(ask, every);
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  return { latency, problem };
}

/** @param {number} nanoseconds */
function time(nanoseconds) {
  return nanoseconds > 0 && nanoseconds < 1000 ? `${Math.round(nanoseconds)} ns` : duration(nanoseconds / 1000);
}

/** Whole says the most important in one line. @param {{hops: Hop[]}} props */
function Whole({ hops }) {
  const whole = hops.find((hop) => hop.id === total);
  const parts = hops.filter((hop) => hop.id !== total && hop.count > 0);
  if (!whole || whole.count === 0) return html`<${Notice} title="The whole way is not available:">${visible(whole?.unavailable ?? 'no pod has come to Running')}<//>`;
  const longest = parts.reduce((/** @type {Hop|undefined} */ most, hop) => (!most || hop.p50 > most.p50 ? hop : most), undefined);
  return html`<dl class="latency-whole">
    <div><dt>Half of the pods run within</dt><dd>${time(whole.p50)}</dd></div>
    <div><dt>9 of 10 within</dt><dd>${time(whole.p90)}</dd></div>
    <div><dt>99 of 100 within</dt><dd>${time(whole.p99)}</dd></div>
    <div><dt>The slowest took</dt><dd>${time(whole.max)}</dd></div>
    ${longest && html`<div><dt>Longest part</dt><dd>${visible(longest.name)} <span class="quiet">${time(longest.p50)}</span></dd></div>`}
  </dl>`;
}

/**
 * @param {{hops: Hop[], quantile: Quantile, setQuantile: (quantile: Quantile) => void}} props
 */
function Chart({ hops, quantile, setQuantile }) {
  const [box, size] = useSize();
  const limits = useMemo(() => extent(hops), [hops]);
  const falls = waterfall(hops, quantile);
  const narrow = size.width > 0 && size.width < 560;
  return html`<div class="latency-chart panel" role="table" aria-label="Time of each part">
    <div role="rowgroup"><div class="latency-row latency-titles" role="row">
      <div role="columnheader">Part</div>
      <div role="columnheader" class="latency-fall">End to end, <span class="segmented" role="group" aria-label="Quantile of the parts laid end to end">${quantiles.map((each) => html`<button type="button" key=${each}
        aria-pressed=${String(each === quantile)} onClick=${() => setQuantile(each)}>${each}</button>`)}</span></div>
      <div role="columnheader" class="latency-spread" ref=${box}><span class="sr">distribution</span>${size.width > 0 && html`<${Axis} limits=${limits} width=${size.width} />`}</div>
      ${['p50', 'p90', 'p99', 'max', 'pods'].map((each) => html`<div role="columnheader" key=${each} class=${`number latency-${each}`}>${each}</div>`)}
    </div></div>
    <div role="rowgroup">${hops.map((hop) => html`<div class=${`latency-row ${hop.id === total ? 'latency-total' : ''} of-${kindOf(hop.component)}`} role="row" key=${hop.id}>
      <div role="rowheader"><strong>${hop.component ? html`<${Component} component=${hop.component} name=${hop.name} />` : visible(hop.name)}</strong>
        <span class="quiet latency-between">${visible(hop.from)} → ${visible(hop.to)}</span></div>
      ${hop.count === 0
        ? html`<div role="cell" class="latency-missing quiet">not available: <bdi>${visible(hop.unavailable ?? 'no recorded pod has it')}</bdi></div>`
        : html`<div role="cell" class="latency-fall"><${Fall} place=${falls.places.get(hop.id)} end=${falls.end} text=${time(hop[quantile])} /></div>
          <div role="cell" class="latency-spread">${size.width > 0 && html`<${Spread} hop=${hop} limits=${limits} width=${size.width} narrow=${narrow} />`}</div>
          <div role="cell" class="number latency-p50"><span class="latency-label">p50 </span>${time(hop.p50)}</div><div role="cell" class="number latency-p90"><span class="latency-label">p90 </span>${time(hop.p90)}</div>
          <div role="cell" class="number latency-p99"><span class="latency-label">p99 </span>${time(hop.p99)}</div><div role="cell" class="number latency-max"><span class="latency-label">max </span>${time(hop.max)}</div>
          <div role="cell" class="number latency-pods quiet"><span class="latency-label">pods </span>${number(hop.count)}</div>`}
    </div>`)}</div>
    <p class="quiet latency-sum">The parts end to end are the ${quantile} of each. They may be of different pods, so that together they need not make the ${quantile} of the whole.</p>
  </div>`;
}

/**
 * @param {{place: {begin: number, end: number}|undefined, end: number, text: string}} props
 */
function Fall({ place, end, text }) {
  if (!place) return null;
  const scale = scaleLinear([0, end], [0, 100]);
  const width = Math.max(0.8, scale(place.end) - scale(place.begin));
  const left = Math.min(99.2, scale(place.begin));
  return html`<div class="fall" role="img" aria-label=${text}><span style=${{ left: `${left}%`, width: `${Math.min(width, 100 - left)}%` }} /></div>`;
}

/**
 * @param {{limits: [number, number], width: number}} props
 */
function Axis({ limits, width }) {
  const x = scaleLog(limits, [1, width - 1]);
  const values = decades(limits);
  const step = Math.ceil((values.length * 64) / width);
  return html`<svg class="latency-axis" width=${width} height="18" aria-hidden="true">${values.map((value, i) => i % step === 0 && html`<text key=${value}
    x=${x(value)} y="13" text-anchor="middle">${powerOfTen(value)}</text>`)}</svg>`;
}

/** @param {number} nanoseconds */
function powerOfTen(nanoseconds) {
  return nanoseconds >= 1e9 ? `${nanoseconds / 1e9} s` : time(nanoseconds);
}

/**
 * Spread is the distribution of a hop. Its bars are links; left and right go from
 * one to the next.
 * @param {{hop: Hop, limits: [number, number], width: number, narrow: boolean}} props
 */
function Spread({ hop, limits, width }) {
  const [active, setActive] = useState(0);
  const links = useRef(/** @type {(SVGAElement|null)[]} */ ([]));
  const buckets = hop.buckets ?? [];
  const x = scaleLog(limits, [1, width - 1]);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const y = scaleLinear([0, most], [0, chartHeight - 6]);
  const current = Math.min(active, buckets.length - 1);
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const to = current + by;
    if (!by || to < 0 || to >= buckets.length) return;
    event.preventDefault();
    event.stopPropagation();
    setActive(to);
    links.current[to]?.focus();
  };
  return html`<svg class="latency-bars" width=${width} height=${chartHeight} role="group" aria-label=${`Distribution of ${hop.name}`} data-keys="own" onKeyDown=${onKeyDown}>
    ${decades(limits).map((value) => html`<line key=${value} class="latency-grid" x1=${x(value)} x2=${x(value)} y1="0" y2=${chartHeight} />`)}
    ${buckets.map((bucket, i) => {
      const left = x(Math.max(limits[0], bucket.low));
      const wide = Math.max(2, x(bucket.high) - left - 1);
      const high = Math.max(2, y(bucket.count));
      return html`<a key=${bucket.low} ref=${(/** @type {any} */ link) => { links.current[i] = link; }} href=${runAddress(bucket.example)} tabindex=${i === current ? 0 : -1}
        aria-label=${says(bucket)} onFocus=${() => setActive(i)}><title>${says(bucket)}</title>
        <rect class="latency-hit" x=${left} y="0" width=${wide + 1} height=${chartHeight} />
        <rect class="latency-bar" x=${left} y=${chartHeight - high} width=${wide} height=${high} /></a>`;
    })}
    ${/** @type {const} */ (['p50', 'p90', 'p99']).map((each) => html`<line key=${each} class=${`latency-mark ${each}`} x1=${x(Math.max(limits[0], hop[each]))} x2=${x(Math.max(limits[0], hop[each]))} y1="0" y2=${chartHeight}><title>${each} ${time(hop[each])}</title></line>`)}
  </svg>`;
}

/** @param {Bucket} bucket */
function says(bucket) {
  const { namespace, name } = bucket.example;
  return `${plural(bucket.count, 'pod')} took ${time(bucket.low)} to ${time(bucket.high)}. Open ${visible(namespace ? `${namespace}/${name}` : name)}`;
}
