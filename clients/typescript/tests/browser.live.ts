/**
 * The rules over IndexedDB, in a browser. `test_browser.py` opens the page twice in one profile: what
 * the first visit left has to be there for the second.
 */

import { Buffer } from "../src/buffer.ts";
import { Device } from "../src/device.ts";
import { IndexedDbStore } from "../src/indexed_db.ts";

const ALL = { since: -Infinity, until: Infinity, newest: false, limit: 1_000 };

function same(name: string, found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${name}: ${one} instead of ${other}`);
}

async function sequences(buffer: Buffer): Promise<number[]> {
  return (await buffer.positions(ALL)).map((kept) => kept.sequence);
}

async function firstVisit(): Promise<void> {
  const store = await IndexedDbStore.open("device");
  const buffer = new Buffer(store, 8);
  await Promise.all([1, 2].map((second) => buffer.addPosition({}, second)));
  await buffer.beginEpoch("e1");
  await buffer.addPosition({}, 3);
  await buffer.beginEpoch("e2");
  const joined = (await buffer.positions(ALL)).map(({ epoch, sequence }) => [epoch, sequence]);
  same("joined", joined, [["e1", 1], ["e1", 2], ["e1", 3]]);
  const newest = await buffer.positions({ since: 1, until: 3, newest: true, limit: 1 });
  same("newest", newest.map((kept) => kept.sequence), [2]);
  same("dropped", await buffer.dropEpoch("e1"), 3);
  const failing = store.run(async (tx) => {
    tx.put("notes", ["half"], "done");
    throw new Error("in the middle");
  });
  same("failed", await failing.catch((error: Error) => error.message), "in the middle");
  same("undone", await buffer.note("half"), "");
  for (const place of [1, 2, 3]) await buffer.put("event", { place });
  await buffer.answered(await buffer.outbox(2), ["", "EVENT_INVALID"]);
  for (let second = 1; second <= 9; second += 1) await buffer.addPosition({}, second);
  same("thinned", await sequences(buffer), [1, 3, 5, 6, 7, 8, 9]);
}

async function secondVisit(): Promise<void> {
  const buffer = new Buffer(await IndexedDbStore.open("device"), 8);
  same("kept", await sequences(buffer), [1, 3, 5, 6, 7, 8, 9]);
  same("outbox", await buffer.outbox(9), [{ no: 3, kind: "event", body: { place: 3 } }]);
  same("refused", (await buffer.refused()).map((one) => one.reason), ["EVENT_INVALID"]);
  const options = { url: location.origin, deviceId: "phone-1", token: () => "" };
  const time = "2026-11-26T09:00:00Z";
  const place = { latitude: 60, longitude: 25 };
  const device = new Device(buffer, options);
  same("numbered on", await device.capture({ device_time: time, location: place }), 10);
  same("hash", (await device.attach(new Uint8Array([1]), "image/png")).slice(0, 8), "4bf5122f");
}

const visits: Record<string, () => Promise<void>> = { "#first": firstVisit, "#second": secondVisit };
const said = await visits[location.hash]!().then(() => "good", String);
await fetch("/said", { method: "POST", body: said });
