// The Cluster screen: all nodes and pods as they are now.

import { html, useEffect, useState } from '../lib.js';
import { percent } from '../model/amounts.js';
import { Cluster as Model, phases, totals } from '../model/cluster.js';
import { Histories } from '../model/history.js';
import { number, plural, visible } from '../model/text.js';
import { address, get } from '../timeline/api.js';
import { openStream, Resync } from '../timeline/stream.js';
import { NodeList, PodTable } from './clusterlists.js';
import { Gone, Guide, NodeSide, PodSide } from './clusterside.js';
import { Connection } from './connection.js';
import { NodeMap } from './nodemap.js';
import { setParams } from './params.js';
import { lookOf, PhaseMark } from './phases.js';
import { Notice } from './pieces.js';
import { QueuesPanel } from './queues.js';
import { RatesPanel, watchEvents } from './rates.js';
import { Typed } from './typed.js';
import { WaitingRow } from './waitingrow.js';

/** @typedef {import('../timeline/address.js').Route} Route */
/** @typedef {import('../timeline/stream.js').StreamState} StreamState */

// Two minutes of rates, of more components than there are.
const historyLength = 120;
const mostHistories = 32;
// Lists and panels are brought up to date less often than the map: nobody reads faster.
const panelsEvery = 500;
const selectorEvery = 2000;

const views = /** @type {const} */ ([['map', 'Map'], ['nodes', 'Nodes'], ['pods', 'Pods']]);
const fills = /** @type {const} */ ([['cpu', 'CPU'], ['memory', 'Memory'], ['pods', 'Pods']]);

/** @param {{route: Route}} props */
export function Cluster({ route }) {
  const { cluster, histories, state, ready, subscribe } = useCluster();
  const { params } = route;
  const filterKey = ['q', 'ns', 'phase', 'labels'].map((key) => params.get(key) ?? '').join('\n');
  const selector = useSelector(params.get('labels') ?? '', ready);
  useEffect(() => {
    cluster.setFilter({
      search: params.get('q') ?? '', namespace: params.get('ns') ?? '',
      phases: new Set((params.get('phase') ?? '').split(',').filter(Boolean)), ids: selector.ids,
    });
    subscribe.flush();
  }, [filterKey, selector.ids]);

  const openNode = (/** @type {number} */ slot) => setParams({ node: cluster.nodes[slot]?.name ?? '', pod: '' }, slot >= 0);
  const openPod = (/** @type {number} */ slot) => {
    const { resource, namespace, name } = cluster.pod(slot);
    setParams({ pod: `${resource}/${namespace}/${name}`, node: '' }, true);
  };
  const close = () => setParams({ node: '', pod: '' });

  if (!ready) return html`<section class="cluster" data-state=${state.state === 'lost' ? 'error' : 'loading'}>
    <div class="cluster-start">${state.state === 'lost'
      ? html`<${Notice} title="The cluster cannot be shown:" tone="bad">${state.reason}<//>`
      : html`<p class="quiet" aria-busy="true">Reading all nodes and pods …</p>`}<${Connection} state=${state} /></div></section>`;

  const nodeName = params.get('node');
  const [resource, namespace, ...podName] = (params.get('pod') ?? '').split('/');
  const node = nodeName ? cluster.findNode(nodeName) : -1;
  const pod = podName.length ? cluster.findPod(resource, namespace, podName.join('/')) : -1;
  const view = params.get('show') ?? 'map';
  const by = /** @type {'cpu'|'memory'|'pods'} */ (fills.find(([id]) => id === params.get('by'))?.[0] ?? 'cpu');
  const opened = Boolean(nodeName || podName.length);
  return html`<section class="cluster" aria-label="Cluster" data-state=${cluster.nodeCount + cluster.podCount === 0 ? 'empty' : 'ready'}>
    <${Head} cluster=${cluster} by=${by} state=${state} />
    <${Tools} cluster=${cluster} params=${params} view=${view} problem=${selector.problem} />
    <div class="cluster-main">
      <${WaitingRow} cluster=${cluster} subscribe=${subscribe} onPod=${openPod} />
      ${view === 'nodes' ? html`<${NodeList} cluster=${cluster} filterKey=${filterKey} selected=${node} onNode=${openNode} />`
        : view === 'pods' ? html`<${PodTable} cluster=${cluster} filterKey=${filterKey} selected=${pod} onPod=${openPod} />`
          : html`<${NodeMap} cluster=${cluster} subscribe=${subscribe} resource=${by} byZone=${params.get('zones') !== 'no'}
              selectedNode=${pod >= 0 ? cluster.nodeSlots.get(cluster.node[pod]) ?? -1 : node} selectedPod=${pod} onNode=${openNode} onPod=${openPod}>
              <span class="fill-by"><span class="quiet">The bar is</span> <${Segments} label="The bar of a tile is" options=${fills} chosen=${by} onChoose=${(/** @type {string} */ id) => setParams({ by: id === 'cpu' ? '' : id })} /></span>
              <label class="check"><input type="checkbox" checked=${params.get('zones') !== 'no'} onChange=${(/** @type {any} */ event) => setParams({ zones: event.target.checked ? '' : 'no' })} /> by zone</label>
            <//>`}
    </div>
    <div class="cluster-below">
      <${QueuesPanel} queues=${cluster.queues} now=${cluster.collectedAt} onPod=${(/** @type {import('../model/cluster.js').Waiting} */ waiting) => {
        const slot = ['simpods', 'pods'].map((each) => cluster.findPod(each, waiting.namespace, waiting.name)).find((found) => found >= 0);
        if (slot !== undefined) openPod(slot);
      }} />
      <${RatesPanel} rates=${cluster.rates} histories=${histories} />
    </div>
    <aside class=${`cluster-side ${opened ? 'opened' : ''}`} aria-label="Details">
      ${node >= 0 ? html`<${NodeSide} key=${nodeName} cluster=${cluster} slot=${node} onPod=${openPod} onClose=${close} />`
        : pod >= 0 ? html`<${PodSide} key=${params.get('pod')} cluster=${cluster} slot=${pod} onNode=${openNode} onClose=${close} />`
          : opened ? html`<${Gone} title=${`${visible(nodeName || podName.join('/'))} is not here, or not any more.`} onClose=${close} />`
            : html`<${Guide} />`}
    </aside>
  </section>`;
}

/**
 * useCluster follows the cluster's stream while the screen is shown. The map takes
 * each change at once; the rest of the screen is drawn again now and then.
 */
function useCluster() {
  const [cluster] = useState(() => new Model());
  const [histories] = useState(() => new Histories(historyLength, mostHistories));
  const [state, setState] = useState(/** @type {StreamState} */ ({ state: 'connecting' }));
  const [, setVersion] = useState(0);
  const [subscribe] = useState(() => subscribers(cluster));
  useEffect(() => {
    let timer = 0;
    let second = 0;
    const changed = () => {
      subscribe.flush();
      const now = Math.floor(Date.now() / 1000);
      if (now !== second && cluster.rates?.available) {
        for (const each of cluster.rates.components ?? []) histories.add(each.component, each.writes);
      }
      if (now !== second && cluster.rates) histories.add(watchEvents, cluster.rates.watchEvents);
      second = now;
      timer ||= window.setTimeout(() => {
        timer = 0;
        setVersion((v) => v + 1);
      }, cluster.sequence && second ? panelsEvery : 0);
    };
    const stop = new AbortController();
    const begin = (/** @type {import('../model/cluster.js').Snapshot} */ snapshot) => {
      cluster.snapshot(snapshot);
      setVersion((v) => v + 1);
      changed();
    };
    const follow = () => openStream(address(['cluster', 'stream']), {
      lastEventId: cluster.epoch && `${cluster.epoch}:${cluster.sequence}`,
      events: {
        snapshot: begin,
        delta: (delta) => {
          if (!cluster.delta(delta)) throw new Resync(`the change from ${delta.from} does not follow ${cluster.sequence}`);
          changed();
        },
      },
      onState: setState,
      why: () => get(address(['cluster', 'pods'], { limit: 1 })).then(() => undefined),
    });
    /** @type {{close: () => void}|undefined} */
    let stream;
    // The first state comes by itself: it is compressed, and was asked for early. Where
    // it does not come, the stream tells why.
    get(address(['cluster']), stop.signal).then(begin).catch(() => {}).then(() => {
      if (!stop.signal.aborted) stream = follow();
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
      stream?.close();
    };
  }, []);
  return { cluster, histories, state, ready: cluster.epoch !== '', subscribe };
}

/**
 * subscribers hands each change of the model to all who draw it.
 * @param {Model} cluster
 */
function subscribers(cluster) {
  /** @type {Set<(changes: ReturnType<Model['takeChanges']>) => void>} */
  const all = new Set();
  const subscribe = (/** @type {(changes: ReturnType<Model['takeChanges']>) => void} */ take) => {
    all.add(take);
    return () => all.delete(take);
  };
  return Object.assign(subscribe, {
    flush: () => {
      const changes = cluster.takeChanges();
      for (const take of all) take(changes);
    },
  });
}

/**
 * useSelector asks the observer which pods a label selector chooses, again and again,
 * since labels are not sent to the browser.
 * @param {string} labels
 * @param {boolean} ready
 */
function useSelector(labels, ready) {
  const [found, setFound] = useState(/** @type {{ids?: Set<number>, problem: string}} */ ({ problem: '' }));
  useEffect(() => {
    if (!labels || !ready) {
      setFound((f) => (f.ids || f.problem ? { problem: '' } : f));
      return;
    }
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      try {
        const { ids, unavailable } = await get(address(['cluster', 'pods'], { labelSelector: labels }), stop.signal);
        setFound({ ids: new Set(ids), problem: (unavailable ?? []).join('; ') });
      } catch (error) {
        if (stop.signal.aborted) return;
        setFound({ problem: /** @type {Error} */ (error).message });
      }
      timer = window.setTimeout(ask, selectorEvery);
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [labels, ready]);
  return found;
}

/**
 * @param {{cluster: Model, by: 'cpu'|'memory'|'pods', state: StreamState}} props
 */
function Head({ cluster, by, state }) {
  const sum = totals(cluster);
  const title = fills.find(([id]) => id === by)?.[1];
  const facts = [
    plural(cluster.nodeCount, 'node') + (sum.zones.size > 1 ? ` in ${sum.zones.size} zones` : ''),
    plural(cluster.podCount, 'pod'),
    sum.allocatable[by] > 0 ? `${percent(sum.requested[by] / sum.allocatable[by])} of ${title === 'CPU' ? 'CPU' : title?.toLowerCase()} asked for` : '',
    sum.notReady ? `${plural(sum.notReady, 'node')} not ready` : '',
    sum.cordoned ? `${plural(sum.cordoned, 'node')} cordoned` : '',
    cluster.nodesOmitted ? `${plural(cluster.nodesOmitted, 'more node')} not shown` : '',
    cluster.podsOmitted ? `${plural(cluster.podsOmitted, 'more pod')} not shown` : '',
  ].filter(Boolean);
  return html`<header class="cluster-head"><h1>Cluster</h1><p>${facts.join(' · ')}</p>
    <${Connection} state=${state} />
    ${cluster.unavailable.length > 0 && html`<details class="unavailable"><summary>${plural(cluster.unavailable.length, 'thing')} not available</summary>
      <ul>${cluster.unavailable.map((each) => html`<li key=${each}><bdi>${visible(each)}</bdi></li>`)}</ul></details>`}
  </header>`;
}

/**
 * @param {object} props
 * @param {Model} props.cluster
 * @param {URLSearchParams} props.params
 * @param {string} props.view
 * @param {string} props.problem with the label selector
 */
function Tools({ cluster, params, view, problem }) {
  const chosen = new Set((params.get('phase') ?? '').split(',').filter(Boolean));
  const toggle = (/** @type {string} */ phase) => {
    if (!chosen.delete(phase)) chosen.add(phase);
    setParams({ phase: [...chosen].join(',') });
  };
  const filtered = ['q', 'ns', 'phase', 'labels'].some((key) => params.get(key));
  return html`<div class="cluster-tools" role="search">
    <${Segments} label="Show" options=${views} chosen=${view} onChoose=${(/** @type {string} */ id) => setParams({ show: id === 'map' ? '' : id })} />
    <${Typed} type="search" label="Search pods and nodes" placeholder="Search pods and nodes" value=${params.get('q') ?? ''} onValue=${(/** @type {string} */ q) => setParams({ q })} />
    <select aria-label="Namespace" value=${params.get('ns') ?? ''} onChange=${(/** @type {any} */ event) => setParams({ ns: event.target.value })}>
      <option value="">all namespaces</option>
      ${cluster.namespaces.filter(Boolean).sort().map((name) => html`<option key=${name} value=${name}>${visible(name)}</option>`)}
    </select>
    <${Typed} type="text" label="Label selector" placeholder="Labels, as app=web,tier!=db" value=${params.get('labels') ?? ''} problem=${problem} onValue=${(/** @type {string} */ labels) => setParams({ labels })} />
    <div class="phase-chips" role="group" aria-label="Phases">${phases.map((phase, i) => html`<button type="button" key=${phase} class=${`phase-chip ${cluster.phaseCounts[i] ? '' : 'none'}`}
      aria-pressed=${String(chosen.has(phase))} title=${lookOf(phase).meaning} onClick=${() => toggle(phase)}>
      <${PhaseMark} phase=${phase} /> ${lookOf(phase).title} <span class="count">${number(cluster.phaseCounts[i])}</span></button>`)}</div>
    ${filtered && html`<p class="matched" role="status">${plural(cluster.matchCount, 'pod')} ${cluster.matchCount === 1 ? 'matches' : 'match'}${' '}
      <button type="button" class="link" onClick=${() => setParams({ q: '', ns: '', phase: '', labels: '' })}>Clear</button></p>`}
    ${problem && html`<p class="problem" role="alert"><bdi>${visible(problem)}</bdi></p>`}
  </div>`;
}

/**
 * @param {{label: string, options: readonly (readonly [string, string])[], chosen: string, onChoose: (id: string) => void}} props
 */
function Segments({ label, options, chosen, onChoose }) {
  return html`<div class="segmented" role="group" aria-label=${label}>${options.map(([id, title]) => html`<button type="button" key=${id}
    aria-pressed=${String(id === chosen)} onClick=${() => onChoose(id)}>${title}</button>`)}</div>`;
}
