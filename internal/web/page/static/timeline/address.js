/**
 * The address names run, view and cursor, and opening it restores them. It is the part
 * after #, so that it works below any path and in a saved file.
 */

/**
 * @typedef {object} Subject
 * @property {string} resource
 * @property {string} namespace
 * @property {string} name
 * @property {string} [uid]
 */

/**
 * @typedef {object} Route
 * @property {string} screen newest, run, request, or the name of a screen of the cluster
 * @property {string} view of a run
 * @property {Subject|null} subject
 * @property {string} request audit ID of a request whose run is shown
 * @property {URLSearchParams} params further parameters, such as at, theme and predict
 */

/**
 * Reads an address.
 * @param {string} hash
 * @returns {Route}
 */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const params = new URLSearchParams(query);
  const parts = path.split('/').map(decode);
  const view = params.get('view') ?? 'flow';
  const uid = params.get('uid') ?? '';
  params.delete('view');
  params.delete('uid');
  if (parts[0] === 'run' && parts.length === 4) {
    const subject = { resource: parts[1], namespace: parts[2] === '-' ? '' : parts[2], name: parts[3], uid };
    return { screen: 'run', view, subject, request: '', params };
  }
  if (parts[0] === 'request' && parts[1]) return { screen: 'request', view, subject: null, request: parts[1], params };
  return { screen: parts[0] || 'newest', view, subject: null, request: '', params };
}

/**
 * Writes an address; parse reads the same route from it.
 * @param {Route} route
 */
export function format(route) {
  const params = new URLSearchParams();
  if (route.subject?.uid) params.set('uid', route.subject.uid);
  if (showsRun(route) && route.view !== 'flow') params.set('view', route.view);
  for (const [key, value] of route.params) params.set(key, value);
  const query = params.size ? `?${params}` : '';
  return `#/${path(route)}${query}`;
}

/** @param {Route} route */
function path(route) {
  if (route.screen === 'newest') return '';
  if (route.screen === 'request') return `request/${encodeURIComponent(route.request)}`;
  if (route.screen !== 'run' || !route.subject) return route.screen;
  const { resource, namespace, name } = route.subject;
  return ['run', resource, namespace || '-', name].map(encodeURIComponent).join('/');
}

/**
 * Whether a route shows a run, and so has a view and a cursor.
 * @param {{screen: string}} route
 */
export function showsRun(route) {
  return route.screen === 'newest' || route.screen === 'run' || route.screen === 'request';
}

/**
 * The address of the run of a subject.
 * @param {{resource: string, namespace?: string, name?: string, uid?: string}} subject
 * @param {Record<string, string>} [params]
 */
export function runAddress(subject, params = {}) {
  const { view = 'flow', ...others } = params;
  return format({
    screen: 'run',
    view,
    subject: { resource: subject.resource, namespace: subject.namespace ?? '', name: subject.name ?? '', uid: subject.uid },
    request: '',
    params: new URLSearchParams(others),
  });
}

/**
 * The address of the run of a request, which may have made no object.
 * @param {string} auditID
 */
export function requestAddress(auditID) {
  return format({ screen: 'request', view: 'flow', subject: null, request: auditID, params: new URLSearchParams() });
}

/**
 * @typedef {object} Place where a cursor is to be put
 * @property {number} [step]
 * @property {number} [revision]
 * @property {number} [moment] counted from 0; -1 is before everything
 * @property {number} [t] microseconds since the begin
 */

/**
 * Reads the cursor of an address, such as "step4", "rev310", "moment7" or "36600us";
 * null for none, which is the newest.
 * @param {string|null} text
 * @returns {Place|null}
 */
export function parsePlace(text) {
  const found = /^(?:step(\d+)|rev(\d+)|moment(\d+)|(-?\d+(?:\.\d+)?)us|(start))$/.exec(text ?? '');
  if (!found) return null;
  if (found[1]) return { step: Number(found[1]) };
  if (found[2]) return { revision: Number(found[2]) };
  if (found[3]) return { moment: Number(found[3]) };
  if (found[4]) return { t: Number(found[4]) };
  return { moment: -1 };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
