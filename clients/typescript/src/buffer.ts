/**
 * What a device has captured and nobody has confirmed. The rules; where it lies is a `Store`.
 *
 * Positions are numbered here, at capture and before they wait, so that the server can tell a replay
 * from news and a gap from an end. Facts and proofs keep the order in which they happened.
 */

import type { Key, Range, Row, Store, Transaction } from "./store.ts";

export const ROWS_MAX = 72 * 3_600; // positions: three days of one a second
const PAGE = 1_000; // rows that are held at once

/** JSON of the contract: snake_case, int64 as texts. */
export type Json = { readonly [name: string]: unknown };
export type Kind = "event" | "proof" | "media";

/** A position that waits. */
export interface Kept {
  readonly epoch: string;
  readonly sequence: number;
  readonly captured: number; // seconds since 1970, by the device's clock
  readonly body: Json;
}

/** A request of the outbox. */
export interface Waiting {
  readonly no: number;
  readonly kind: Kind;
  readonly body: Json;
}

/** A request that the server will never take. */
export interface Refused {
  readonly kind: Kind;
  readonly reason: string;
  readonly body: Json;
}

/** Positions captured in `[since, until)`. */
export interface Captured {
  readonly since: number;
  readonly until: number;
  readonly newest: boolean;
  readonly limit: number;
}

/** One store of one device. What a method promised is durable when its promise is kept. */
export class Buffer {
  #store: Store;
  #rowsMax: number;

  constructor(store: Store, rowsMax: number = ROWS_MAX) {
    this.#store = store;
    this.#rowsMax = rowsMax;
  }

  /** What was noted under a name; empty when nothing was. */
  note(name: string): Promise<string> {
    return this.#store.run((tx) => noted(tx, name));
  }

  /** What was noted under a name; else the value is noted now. */
  noteOnce(name: string, value: string): Promise<string> {
    return this.#store.run(async (tx) => {
      const before = await noted(tx, name);
      if (before === "") tx.put("notes", [name], value);
      return before || value;
    });
  }

  /** Numbers a position under the present epoch and keeps it; old ones are thinned at the limit. */
  addPosition(body: Json, captured: number): Promise<Kept> {
    return this.#store.run(async (tx) => {
      const epoch = await noted(tx, "epoch");
      const sequence = Number(await noted(tx, `last ${epoch}`)) + 1;
      tx.put("notes", [`last ${epoch}`], String(sequence));
      const kept = { epoch, sequence, captured, body: { ...body, sequence: String(sequence) } };
      tx.put("positions", keyOf(kept), kept);
      if ((await tx.count("positions")) > this.#rowsMax) await this.#thin(tx);
      return kept;
    });
  }

  /** From here on positions are numbered under an epoch; those that waited for it join it. */
  beginEpoch(epoch: string): Promise<void> {
    return this.#store.run(async (tx) => {
      const last = await noted(tx, "last ");
      await everyRow(tx, {}, async (row, kept) => {
        if (kept.epoch !== "") return;
        const joined = { ...kept, epoch };
        tx.remove("positions", row.key);
        tx.put("positions", keyOf(joined), joined);
      });
      tx.put("notes", ["epoch"], epoch);
      if (last !== "") tx.put("notes", [`last ${epoch}`], last);
      for (const name of ["last ", "opening"]) tx.remove("notes", [name]);
    });
  }

  /** The newest or the oldest positions of a time, in the order of capture. */
  positions({ since, until, newest, limit }: Captured): Promise<Kept[]> {
    const range: Range = { from: [since], until: [until], last: newest, limit };
    return this.#store.run(async (tx) => {
      const kept = (await tx.rows("positions", range)).map((row) => row.value as Kept);
      return newest ? kept.reverse() : kept;
    });
  }

  /** The server has them for good, or will never take them. */
  dropPositions(positions: readonly Kept[]): Promise<void> {
    return this.#store.run(async (tx) => {
      for (const kept of positions) tx.remove("positions", keyOf(kept));
    });
  }

  /** Drops what the server no longer takes; how many that were. */
  dropEpoch(epoch: string): Promise<number> {
    return this.#store.run(async (tx) => {
      let dropped = 0;
      await everyRow(tx, {}, async (row, kept) => {
        if (kept.epoch !== epoch) return;
        tx.remove("positions", row.key);
        dropped += 1;
      });
      return dropped;
    });
  }

  /** Puts a request at the end of the outbox. */
  put(kind: Kind, body: Json): Promise<void> {
    return this.#store.run(async (tx) => {
      tx.put("outbox", [await nextNumber(tx, "outbox")], { kind, body });
    });
  }

  /** The first requests. */
  outbox(limit: number): Promise<Waiting[]> {
    return this.#store.run(async (tx) => {
      const rows = await tx.rows("outbox", { limit });
      return rows.map((row) => ({ no: row.key[0] as number, ...(row.value as Omit<Waiting, "no">) }));
    });
  }

  /** They were answered; those with a reason will never be taken, and are put aside with it. */
  answered(requests: readonly Waiting[], reasons: readonly string[] = []): Promise<void> {
    return this.#store.run(async (tx) => {
      for (const [place, { no, kind, body }] of requests.entries()) {
        tx.remove("outbox", [no]);
        const reason = reasons[place];
        if (!reason) continue;
        tx.put("refused", [await nextNumber(tx, "refused")], { kind, reason, body });
      }
    });
  }

  /** What was refused, in order; at most a thousand. */
  refused(): Promise<Refused[]> {
    return this.#store.run(async (tx) => {
      const rows = await tx.rows("refused", { limit: PAGE });
      return rows.map((row) => row.value as Refused);
    });
  }

  /** How much waits in all. */
  waiting(): Promise<number> {
    return this.#store.run(
      async (tx) => (await tx.count("positions")) + (await tx.count("outbox")),
    );
  }

  /** Drops every second position of the older half: the way stays, coarser. Facts are never touched. */
  async #thin(tx: Transaction): Promise<void> {
    const half = Math.floor(this.#rowsMax / 2);
    let dropped = 0;
    await everyRow(tx, { count: half }, async (row, kept) => {
      if (kept.sequence % 2 !== 0) return;
      tx.remove("positions", row.key);
      dropped += 1;
    });
    if (dropped > 0) return;
    await everyRow(tx, { count: Math.ceil(half / 2) }, async (row) => {
      tx.remove("positions", row.key);
    });
  }
}

function keyOf({ captured, epoch, sequence }: Kept): Key {
  return [captured, sequence, epoch];
}

async function noted(tx: Transaction, name: string): Promise<string> {
  return ((await tx.get("notes", [name])) as string | undefined) ?? "";
}

/** Numbers grow for ever: one that was given to a row that has gone is not given again. */
async function nextNumber(tx: Transaction, table: "outbox" | "refused"): Promise<number> {
  const no = Number(await noted(tx, `last of ${table}`)) + 1;
  tx.put("notes", [`last of ${table}`], String(no));
  return no;
}

/** Walks over positions from the oldest on, page by page. */
async function everyRow(
  tx: Transaction,
  { count = Infinity }: { readonly count?: number },
  visit: (row: Row, kept: Kept) => Promise<void>,
): Promise<void> {
  let from: Key = [];
  let left = count;
  while (left > 0) {
    const rows = await tx.rows("positions", { from, limit: Math.min(PAGE, left) });
    for (const row of rows) await visit(row, row.value as Kept);
    const last = rows.at(-1);
    if (last === undefined) return;
    left -= rows.length;
    from = [...last.key, ""]; // just after it
  }
}
