import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carried } from '../static/model/carried.js';
import { opened } from './recorded.js';

const message = (open, kind, revision) => open.messages.find((each) => each.kind === kind && (!revision || each.revision === revision));

test('a write carries the state that it makes', () => {
  const open = opened('fits');
  const [first] = open.revisions;
  assert.deepEqual(carried(open, message(open, 'write', first.revision)).object, open.states.get(first.revision).object);
});

test('a removal carries nothing, and says so', () => {
  const open = opened('deleted');
  const last = open.revisions.at(-1);
  assert.deepEqual(carried(open, message(open, 'stored', last.revision)), { what: `What etcd stored as revision ${last.revision}`, why: 'the key was removed' });
});

test('a request carries the body that the audit log kept', () => {
  const open = opened('fits');
  const request = message(open, 'request');
  const audit = open.evidence.find((each) => each.auditID === request.auditID && each.raw?.audit?.requestObject);
  assert.deepEqual(carried(open, request).object, audit?.raw.audit.requestObject);
});

test('without an audit log there is no body', () => {
  const open = opened('no-audit');
  for (const each of open.messages.filter((one) => one.kind === 'request')) assert.equal(carried(open, each).why, 'no audit event of it is recorded');
});
