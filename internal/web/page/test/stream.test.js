import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { openStream, Resync } from '../static/timeline/stream.js';

/** browser stands in for what a page has, with a clock that the test moves. */
function browser() {
  const sources = [];
  const listeners = {};
  class EventSource {
    constructor(url) {
      Object.assign(this, { url, listeners: {}, closed: false });
      sources.push(this);
    }
    addEventListener(name, take) {
      this.listeners[name] = take;
    }
    close() {
      this.closed = true;
    }
    send(name, data, lastEventId = '') {
      this.listeners[name]({ data: JSON.stringify(data), lastEventId });
    }
  }
  return {
    EventSource,
    sources,
    listeners,
    setTimeout: (...args) => setTimeout(...args),
    clearTimeout: (id) => clearTimeout(id),
    addEventListener: (name, take) => (listeners[name] = take),
    removeEventListener: (name) => delete listeners[name],
    document: {
      hidden: false,
      addEventListener: (name, take) => (listeners[name] = take),
      removeEventListener: (name) => delete listeners[name],
    },
    latest: () => sources.at(-1),
  };
}

function open(t, options = {}) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 });
  t.after(() => mock.timers.reset());
  const b = browser();
  const states = [];
  const taken = [];
  const stream = openStream(
    'observer/v1/cluster/stream?a=b',
    {
      events: { delta: (data) => taken.push(data) },
      onState: (s) => states.push(s),
      ...options,
    },
    b,
  );
  return { b, states, taken, stream };
}

test('an event reaches its reader, and the state says live', (t) => {
  const { b, states, taken } = open(t);
  b.latest().onopen();
  b.latest().send('delta', { to: 7 }, 'e:7');
  assert.deepEqual(taken, [{ to: 7 }]);
  assert.deepEqual(
    states.map((s) => s.state),
    ['connecting', 'live'],
  );
});

test('a lost connection resumes after the last event, later each time', (t) => {
  const { b, states } = open(t);
  b.latest().onopen();
  b.latest().send('delta', {}, 'e:7');
  for (const delay of [500, 1000, 2000, 4000, 8000, 10000, 10000]) {
    const before = b.sources.length;
    b.latest().onerror();
    assert.equal(states.at(-1).state, 'lost');
    assert.equal(states.at(-1).retryAt, Date.now() + delay);
    mock.timers.tick(delay - 1);
    assert.equal(b.sources.length, before);
    mock.timers.tick(1);
    assert.equal(b.latest().url, 'observer/v1/cluster/stream?a=b&lastEventId=e%3A7');
  }
  b.latest().onopen();
  b.latest().onerror();
  assert.equal(states.at(-1).retryAt, Date.now() + 500);
  assert.equal(b.sources.filter((s) => !s.closed).length, 0);
});

test('an event that does not follow asks for the state anew', (t) => {
  const { b, states } = open(t, {
    events: {
      delta: () => {
        throw new Resync('sequence 9 does not follow 7');
      },
    },
  });
  b.latest().send('delta', {}, 'e:9');
  assert.equal(states.at(-1).reason, 'sequence 9 does not follow 7');
  mock.timers.tick(500);
  assert.equal(b.latest().url, 'observer/v1/cluster/stream?a=b');
});

test('silence after a ping is a lost connection, a server without pings may be silent', (t) => {
  const { b, states } = open(t);
  b.latest().onopen();
  mock.timers.tick(100_000);
  assert.equal(states.at(-1).state, 'live');
  b.latest().send('ping', {});
  mock.timers.tick(44_999);
  b.latest().send('delta', {}, 'e:8');
  mock.timers.tick(44_999);
  assert.equal(states.at(-1).state, 'live');
  mock.timers.tick(1);
  assert.equal(states.at(-1).reason, 'nothing arrived for 45 s');
});

test('a refusal is told in the words of the server', async (t) => {
  const { b, states } = open(t, { why: async () => 'the cluster is not watched' });
  b.latest().onerror();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(
    states.slice(-2).map((s) => s.reason),
    ['the connection was lost', 'the cluster is not watched'],
  );
});

test('a hidden page gives its connection back, and resumes when it is seen', (t) => {
  const { b, states } = open(t);
  b.latest().onopen();
  b.latest().send('delta', {}, 'e:7');
  b.document.hidden = true;
  b.listeners.visibilitychange();
  mock.timers.tick(10_000);
  assert.equal(states.at(-1).state, 'paused');
  assert.ok(b.latest().closed);
  b.document.hidden = false;
  b.listeners.visibilitychange();
  assert.match(b.latest().url, /lastEventId=e%3A7$/);
});

test('a closed stream tries nothing more', (t) => {
  const { b, states, stream } = open(t);
  b.latest().onerror();
  stream.close();
  mock.timers.tick(60_000);
  assert.equal(b.sources.length, 1);
  assert.equal(states.at(-1).state, 'closed');
  assert.deepEqual(Object.keys(b.listeners), []);
});
