/**
 * What a message carried, as far as a source kept it.
 * @typedef {import('./run.js').OpenRun} OpenRun
 */

/**
 * @typedef {object} Carried
 * @property {string} what
 * @property {any} [object]
 * @property {string} [why] there is no object
 */

/**
 * A request carries its body, an answer the object that was sent back, and all others
 * the state at their revision.
 * @param {OpenRun} open
 * @param {OpenRun['messages'][number]} message
 * @returns {Carried}
 */
export function carried(open, message) {
  if (message.kind === 'request') return ofRequest(open, message, 'requestObject', 'The body of the request');
  if (message.kind === 'answer') return ofRequest(open, message, 'responseObject', 'The body of the answer');
  const state = open.states.get(message.revision ?? -1);
  const what = message.kind === 'stored' ? `What etcd stored as revision ${message.revision}` : `The object at revision ${message.revision}`;
  if (state?.object && !message.about) return { what, object: state.object };
  if (state?.removed) return { what, why: 'the key was removed' };
  return { what, why: state?.unavailable ?? 'no source of this run kept it' };
}

/**
 * @param {OpenRun} open
 * @param {OpenRun['messages'][number]} message
 * @param {'requestObject'|'responseObject'} field of the audit event
 * @param {string} what
 * @returns {Carried}
 */
function ofRequest(open, message, field, what) {
  const events = open.evidence.filter((each) => each.source === 'audit' && message.auditID && each.auditID === message.auditID);
  const object = events.map((each) => each.raw?.audit?.[field]).find(Boolean);
  if (object) return { what, object };
  const level = events.map((each) => each.raw?.audit?.level).find(Boolean);
  if (!events.length) return { what, why: 'no audit event of it is recorded' };
  return { what, why: level === 'RequestResponse' ? 'it had none, or the audit log did not keep it' : `the audit level is ${level}, which keeps no bodies` };
}
