// The Send screen: one manifest, the API server's answer, and the run that follows.

import { html, useEffect, useRef, useState } from '../lib.js';
import { shortHeadline } from '../model/runs.js';
import { visible } from '../model/text.js';
import { requestAddress, runAddress } from '../timeline/address.js';
import { address, post } from '../timeline/api.js';
import { openStream } from '../timeline/stream.js';
import { examples } from './examples.js';
import { Component, Notice, Raw } from './pieces.js';
import { Outcome } from './shapes.js';

/**
 * @typedef {{resource: string, namespace?: string, name?: string, uid?: string}} Subject
 * @typedef {{auditID: string, code: number, message: string, subject: Subject}} Answer of the API server
 */

/** @param {{info: any}} props */
export function Send({ info }) {
  const [manifest, setManifest] = useState(examples[0].manifest);
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState('');
  const [answer, setAnswer] = useState(/** @type {Answer|undefined} */ (undefined));
  const result = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    if (answer || problem) result.current?.scrollIntoView({ block: 'nearest' });
  }, [answer, problem]);
  if (!info) return html`<section class="send" data-state="loading"><p class="quiet" aria-busy="true">Asking what this page may do …</p></section>`;
  if (!info.allowWrites) {
    return html`<section class="send" data-state="error"><h1>Send a request</h1>
      <${Notice} title="Off:">This page may only read. Whoever starts the observer can allow it with <code>--allow-writes</code>. <a href="#/runs">All runs</a><//></section>`;
  }
  const send = async () => {
    setSending(true);
    setProblem('');
    setAnswer(undefined);
    try {
      setAnswer(await post(address(['send']), { manifest }, info.csrf ?? ''));
    } catch (error) {
      setProblem(/** @type {Error} */ (error).message);
    }
    setSending(false);
  };
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || sending) return;
    event.preventDefault();
    send();
  };
  const example = examples.find((each) => each.manifest === manifest);
  return html`<section class="send" aria-label="Send a request" data-state="ready">
    <h1>Send a request</h1>
    <p class="lead">Create one simulated pod. The API server gets it from this page under the name that the audit log then shows, and may refuse it like any other.</p>
    <form class="send-form" onSubmit=${onSubmit}>
      <div class="send-examples" role="group" aria-label="Examples">${examples.map((each) => html`<button type="button" key=${each.id}
        aria-pressed=${String(each === example)} onClick=${() => setManifest(each.manifest)}>${each.title}</button>`)}</div>
      <p class="quiet send-what">${example ? example.what : 'Your own manifest.'}</p>
      <label class="send-label" for="manifest">Manifest, YAML or JSON of one SimPod</label>
      <textarea id="manifest" class="send-manifest mono" rows=${Math.min(28, Math.max(14, manifest.split('\n').length + 1))} spellcheck=${false} autocomplete="off" autocapitalize="off"
        value=${manifest} onInput=${(/** @type {any} */ event) => setManifest(event.target.value)} onKeyDown=${onKeyDown}></textarea>
      <div class="send-row"><button type="submit" class="primary" disabled=${sending || !manifest.trim()}>${sending ? 'Sending …' : 'Send'}</button>
        <span class="quiet"><kbd>Ctrl</kbd> <kbd>Enter</kbd> sends</span></div>
    </form>
    <div class="send-result" ref=${result} aria-live="polite">
      ${problem && html`<${Notice} title="Not sent:" tone="bad"><bdi>${visible(problem)}</bdi><//>`}
      ${answer && html`<${Answered} key=${answer.auditID} answer=${answer} />`}
    </div>
  </section>`;
}

/** @param {{answer: Answer}} props */
function Answered({ answer }) {
  const accepted = answer.code >= 200 && answer.code < 300;
  return html`<div class=${`panel send-answer ${accepted ? 'accepted' : 'refused'}`}>
    <h2><${Component} component="API server" name=${`The API server ${accepted ? 'accepted it' : 'refused it'}`} /> <span class="mono send-code">${answer.code}</span></h2>
    <p><${Raw}>${answer.message}<//></p>
    ${accepted ? html`<${Following} subject=${answer.subject} />`
      : answer.auditID && html`<p><a class="button" href=${requestAddress(answer.auditID)}>See what became of it</a></p>`}
  </div>`;
}

/**
 * Following shows the steps of the new run as they are recorded.
 * @param {{subject: Subject}} props
 */
function Following({ subject }) {
  const [run, setRun] = useState(/** @type {any} */ (undefined));
  const [lost, setLost] = useState('');
  useEffect(() => {
    const stream = openStream(address(['runs', subject.resource, subject.namespace || '-', subject.name ?? '', 'stream'], { uid: subject.uid }), {
      events: { run: setRun },
      onState: (state) => setLost(state.state === 'lost' ? state.reason ?? '' : ''),
    });
    return () => stream.close();
  }, []);
  const trace = run?.trace;
  return html`<div class="following">
    ${lost && html`<p class="bad">Not live: <bdi>${visible(lost)}</bdi></p>`}
    ${trace ? html`<p class="following-now"><${Outcome} outcome=${trace.outcome} /> <bdi>${visible(shortHeadline(trace.headline, trace.outcome))}</bdi></p>
      <ol class="following-steps">${(trace.steps ?? []).map((/** @type {any} */ step) => html`<li key=${step.step}>
        <span class="mono">${step.step}</span> <${Component} component=${step.component} /> <span>${visible(step.action)}</span></li>`)}</ol>`
      : html`<p class="quiet" aria-busy="true">Waiting for the first evidence …</p>`}
    <p><a class="button primary" href=${runAddress(subject)}>Follow its run</a></p>
  </div>`;
}
