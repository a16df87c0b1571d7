// How to send a first request to this cluster.

import { html } from '../lib.js';
import { Copy } from './pieces.js';

/**
 * HowToSend shows what to type, for the cluster that this observer watches.
 * @param {{info: any, heading?: 'h1'|'h2'}} props
 */
export function HowToSend({ info, heading = 'h2' }) {
  const flags = [info?.kubeconfig && `--kubeconfig=${quote(info.kubeconfig)}`, info?.context && `--context=${quote(info.context)}`].filter(Boolean).join(' ');
  const kubectl = `kubectl ${flags ? flags + ' ' : ''}apply -f - <<'EOF'
apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: nginx
    resources:
      requests:
        cpu: 100m
        memory: 64Mi
EOF`;
  return html`<div class="how-to-send">
    <${heading}>Nothing is recorded yet<//>
    <p>This page shows what a Kubernetes control plane really does with a request: who hears of it, in which order, and what proves it. Send one, and it is here within a second.</p>
    <${Command} title="With Glassplane" text=${`glassplane run web --image=nginx ${flags}`.trim()} />
    <${Command} title="With kubectl" text=${kubectl} />
    ${info?.allowWrites && html`<p>Or from here: <a href="#/send">Send a request</a>.</p>`}
    <p class="quiet">The page waits and needs no reload.</p>
  </div>`;
}

/** @param {{title: string, text: string}} props */
function Command({ title, text }) {
  return html`<section class="command"><div class="section-head"><h3>${title}</h3><${Copy} text=${() => text} /></div>
    <pre class="code" tabindex="0"><code>${text}</code></pre></section>`;
}

/** quote makes one word of a value for a POSIX shell. @param {string} value */
function quote(value) {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
