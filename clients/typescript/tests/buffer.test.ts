/** What is kept stays kept, in order, over every store; rules hold without a server. */

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Buffer } from "../src/buffer.ts";
import { FileStore } from "../src/file_store.ts";
import { MemoryStore } from "../src/memory_store.ts";

const folder = mkdtempSync(join(tmpdir(), "doorstep-"));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const ALL = { since: -Infinity, until: Infinity, newest: false, limit: 1_000 };

async function sequences(buffer: Buffer): Promise<number[]> {
  return (await buffer.positions(ALL)).map((kept) => kept.sequence);
}

async function captured(buffer: Buffer, count: number): Promise<void> {
  for (let second = 1; second <= count; second += 1) await buffer.addPosition({}, second);
}

test("positions are numbered in the order of capture and survive the end of the process", async () => {
  const store = new FileStore(path("survives"));
  await captured(new Buffer(store), 3);
  store.close();
  const again = new FileStore(path("survives"));
  const buffer = new Buffer(again);
  await buffer.addPosition({}, 4);

  assert.deepEqual(await sequences(buffer), [1, 2, 3, 4]);
  again.close();
});

test("a line that a crash cut short takes nothing with it", async () => {
  const store = new FileStore(path("cut"));
  await captured(new Buffer(store), 2);
  store.close();
  appendFileSync(path("cut"), '[{"table":"positions","key":[9');
  const again = new FileStore(path("cut"));

  assert.deepEqual(await sequences(new Buffer(again)), [1, 2]);
  again.close();
});

test("a transaction that fails leaves nothing behind", async () => {
  const store = new MemoryStore();
  const failing = store.run(async (tx) => {
    tx.put("notes", ["a"], "b");
    throw new Error("in the middle");
  });

  await assert.rejects(failing);
  assert.equal(await new Buffer(store).note("a"), "");
});

test("what was captured before the first opening joins its epoch, and is numbered on", async () => {
  const buffer = new Buffer(new MemoryStore());
  await captured(buffer, 2);
  await buffer.beginEpoch("e1");
  await buffer.addPosition({}, 3);
  await buffer.beginEpoch("e2");
  await buffer.addPosition({}, 4);
  const kept = await buffer.positions(ALL);

  assert.deepEqual(
    kept.map(({ epoch, sequence, body }) => [epoch, sequence, body["sequence"]]),
    [["e1", 1, "1"], ["e1", 2, "2"], ["e1", 3, "3"], ["e2", 1, "1"]],
  );
});

test("too many positions are thinned where they are old, and facts never", async () => {
  const buffer = new Buffer(new MemoryStore(), 8);
  for (let place = 0; place < 9; place += 1) await buffer.put("event", { place });
  await captured(buffer, 9);

  assert.deepEqual(await sequences(buffer), [1, 3, 5, 6, 7, 8, 9]);
  assert.equal((await buffer.outbox(100)).length, 9);
  await captured(buffer, 100);
  assert.ok((await sequences(buffer)).length <= 8);
});

test("the newest are found first, in the order of capture", async () => {
  const buffer = new Buffer(new MemoryStore());
  await captured(buffer, 5);
  const newest = await buffer.positions({ since: 2, until: 5, newest: true, limit: 2 });

  assert.deepEqual(newest.map((kept) => kept.sequence), [3, 4]);
});

test("what is refused is put aside with its reason, in order", async () => {
  const buffer = new Buffer(new MemoryStore());
  for (const place of [1, 2, 3]) await buffer.put("event", { place });
  await buffer.answered(await buffer.outbox(3), ["", "EVENT_INVALID", ""]);
  await buffer.put("proof", { place: 4 });

  assert.deepEqual(await buffer.refused(), [
    { kind: "event", reason: "EVENT_INVALID", body: { place: 2 } },
  ]);
  assert.deepEqual(await buffer.outbox(9), [{ no: 4, kind: "proof", body: { place: 4 } }]);
});
