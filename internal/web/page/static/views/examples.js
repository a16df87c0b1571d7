// Manifests to start from on the Send screen.

/**
 * @typedef {{id: string, title: string, what: string, manifest: string}} Example
 */

const head = (/** @type {string} */ prefix) => `apiVersion: sim.glassplane.dev/v1alpha1
kind: SimPod
metadata:
  generateName: ${prefix}-
  namespace: default
spec:
`;

const container = (/** @type {string} */ cpu, /** @type {string} */ memory) => `  containers:
  - name: main
    image: nginx:1.29
    resources:
      requests:
        cpu: ${cpu}
        memory: ${memory}
`;

/** @type {Example[]} */
export const examples = [
  {
    id: 'fits', title: 'Fits', what: 'A small pod: the scheduler finds a node, and it runs.',
    manifest: head('web') + container('250m', '128Mi'),
  },
  {
    id: 'unschedulable', title: 'Fits nowhere', what: 'It asks for more CPU than any node has, and stays Pending. The scheduler says for each node why.',
    manifest: head('huge') + container('"1000"', '1Gi'),
  },
  {
    id: 'preempting', title: 'Preempts', what: 'Its priority is above that of ordinary pods. Where it fits only without some of them, the scheduler evicts those.',
    manifest: head('vip') + '  priorityClassName: system-cluster-critical\n' + container('3500m', '1Gi'),
  },
  {
    id: 'gated', title: 'Gated', what: 'The scheduler does not look at it until somebody removes the gate.',
    manifest: head('later') + '  schedulingGates:\n  - name: example.com/wait\n' + container('100m', '64Mi'),
  },
  {
    id: 'ends', title: 'Ends', what: 'It runs for five seconds and succeeds.',
    manifest: head('job') + '  restartPolicy: Never\n' + container('100m', '64Mi') + '  simulation:\n    runDuration:\n      duration: 5s\n',
  },
  {
    id: 'invalid', title: 'Refused', what: 'A request below zero: the API server refuses it, and says which field is wrong.',
    manifest: head('broken') + container('"-1"', '64Mi'),
  },
];
