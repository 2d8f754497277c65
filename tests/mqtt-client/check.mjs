// MQTT.js against the broker: node check.mjs URL VERSION [CA-FILE]. Publishes at every QoS to itself and ends with "good" when each message
// came back once, in its order and at its QoS, and the retained message and the will did what they should.
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import mqtt from 'mqtt';

const [url, version, ca] = process.argv.slice(2);
const count = 20;
const options = {
  protocolVersion: Number(version),
  reconnectPeriod: 0,
  connectTimeout: 30_000,
  ca: ca ? readFileSync(ca) : undefined,
};
const got = [[], [], []];
let done;
const all = new Promise(resolve => { done = resolve; });

const client = await mqtt.connectAsync(url, { ...options, clientId: 'js', will: { topic: 'js/will', payload: 'dead', qos: 1 } });
client.on('error', error => { console.error(error); process.exit(1); });
client.on('message', (topic, payload, packet) => {
  const qos = Number(topic.slice(-1));
  assert.equal(packet.qos, qos);
  assert.equal(packet.dup, false);
  got[qos].push(Number(payload.toString()));
  if (got.flat().length === 3 * count) {
    done();
  }
});
const granted = await client.subscribeAsync('js/+', { qos: 2 });
assert.equal(granted[0].qos, 2);
for (let n = 0; n < count; n++) {
  await Promise.all([0, 1, 2].map(qos => client.publishAsync(`js/${qos}`, String(n), { qos })));
}
await all;
for (const numbers of got) {
  assert.deepEqual(numbers, [...Array(count).keys()]);
}

// A message larger than any buffer on the way, retained, and the will of a connection that breaks, seen by another client.
const large = 'x'.repeat(200_000);
await client.publishAsync('kept', large, { qos: 1, retain: true });
const other = await mqtt.connectAsync(url, { ...options, clientId: 'js-2' });
const next = topic => new Promise(resolve => other.on('message', (t, payload, packet) => {
  if (t === topic) {
    resolve([payload.toString(), packet.retain]);
  }
}));
const kept = next('kept');
const will = next('js/will');
await other.subscribeAsync(['kept', 'js/will'], { qos: 1 });
assert.deepEqual(await kept, [large, true]);
client.stream.destroy();
assert.deepEqual(await will, ['dead', false]);
await other.publishAsync('kept', '', { qos: 1, retain: true });
await other.endAsync();
console.log('good');
process.exit(0);
