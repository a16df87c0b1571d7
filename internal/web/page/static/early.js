/**
 * Asks for what the address shows first, without waiting for the rest of the page.
 */
import { parse } from './timeline/address.js';
import { address } from './timeline/api.js';
import { askEarly } from './timeline/early.js';

const { screen, subject } = parse(location.hash);
if (!document.getElementById('run')) {
  if (screen === 'cluster') askEarly(address(['cluster']));
  if (screen === 'run' && subject) askEarly(address(['runs', subject.resource, subject.namespace || '-', subject.name], { uid: subject.uid }));
}
// Whoever shows it hears of a failure.
(screen === 'cluster' ? import('./views/cluster.js') : import('./views/run.js')).catch(() => {});
