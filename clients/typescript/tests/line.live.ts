/**
 * A device on real servers behind the real gateway, over a line that is cut by lot: before a request
 * arrives, or after it took effect and before its answer is read.
 *
 * `test_typescript.py` starts what stands behind and looks at what was stored.
 */

import assert from "node:assert/strict";
import { env } from "node:process";
import { Buffer } from "../src/buffer.ts";
import { CallError, Device, LIVE_SECONDS } from "../src/device.ts";
import type { Position } from "../src/device.ts";
import { FileStore } from "../src/file_store.ts";

const TRIES_MAX = 300;
const POSITIONS = 2_300; // more than four batches, over both lanes
const PHOTO = new Uint8Array(1_200_000).map((_, place) => (place < 2 ? [0xff, 0xd8][place]! : place));
const now = Number(env["NOW"]);

let seed = Number(env["SEED"]);
/** Lots that fall the same way every time (mulberry32). */
function lot(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function cut(): void {
  if (lot() < 0.3) throw new TypeError("the line was cut");
}

const lanes: string[] = [];
async function cutFetch(url: string, request: RequestInit): Promise<Response> {
  cut();
  const { lane } = JSON.parse(String(request.body)) as { lane?: string };
  if (lane !== undefined) lanes.push(lane);
  const response = await fetch(url, request);
  const text = await response.text();
  cut();
  return new Response(text, { status: response.status });
}

function moment(seconds: number): string {
  return new Date((now + seconds) * 1_000).toISOString();
}

function position(seconds: number): Position {
  const location = { latitude: Number(env["LATITUDE"]), longitude: Number(env["LONGITUDE"]) };
  return { device_time: moment(seconds), location, accuracy_meters: "5" };
}

const store = new FileStore(env["STORE"]!);
const device = new Device(new Buffer(store), {
  url: env["GATEWAY"]!,
  deviceId: "phone-1",
  token: () => env["TOKEN"]!,
  openedFor: { shift_id: "shf_1" },
  fetch: cutFetch,
  now: () => now,
});
for (let second = 0; second < POSITIONS; second += 1) await device.capture(position(second - POSITIONS));
const events = [
  await device.report({ task_id: "tsk_1", event_time: moment(240), arrived: {} }),
  await device.report({ task_id: "tsk_1", event_time: "no time", departed: {} }),
  await device.report({ task_id: "tsk_1", event_time: moment(360), delivered: {} }),
];
const photo = await device.attach(PHOTO, "image/jpeg");
const items = [{ kind: "PROOF_KIND_PHOTO", media_sha256: photo }];
const proof = await device.prove({ task_id: "tsk_1", capture_time: moment(360), items });

let cuts = 0;
while ((await device.waiting()) > 0) {
  assert.ok(cuts < TRIES_MAX, `${await device.waiting()} still wait`);
  try {
    await device.flush();
  } catch (error) {
    if (!(error instanceof CallError && error.passing)) throw error;
    cuts += 1;
  }
}
assert.ok(cuts > 3);
assert.deepEqual((await device.refused()).map((one) => one.body["event_id"]), [events[1]]);
const firstOfOutage = lanes.indexOf("LANE_BACKFILL");
assert.ok(lanes.indexOf("LANE_LIVE") < firstOfOutage && !lanes.includes("LANE_LIVE", firstOfOutage));
assert.equal(LIVE_SECONDS, 300);

const epoch = await device.epoch();
await new Buffer(store).beginEpoch("018f0000-0000-7000-8000-000000000000"); // of 2024
await device.capture(position(-1));
while ((await device.waiting()) > 0) await device.flush().catch(passed);
assert.equal(device.lost, 1);
store.close();
console.log(JSON.stringify({ events: [events[0], events[2]], photo, proof, epoch }));

function passed(error: unknown): void {
  if (!(error instanceof CallError && error.passing)) throw error;
}
