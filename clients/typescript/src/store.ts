/**
 * Where a device keeps what waits: four ordered tables and transactions over them.
 *
 * The interface is as small as IndexedDB is, so that all rules stand in `buffer.ts` and hold over
 * every store alike.
 */

export const TABLES = ["positions", "outbox", "refused", "notes"] as const;
export type Table = (typeof TABLES)[number];

/** Ordered as IndexedDB orders arrays: element by element, numbers before texts. */
export type Key = readonly (number | string)[];

export interface Row {
  readonly key: Key;
  readonly value: unknown;
}

/** Rows with `from <= key < until`, the first or the last `limit` of them. */
export interface Range {
  readonly from?: Key;
  readonly until?: Key;
  readonly last?: boolean;
  readonly limit: number;
}

/** What can be done inside one transaction. Nothing else may be awaited there. */
export interface Transaction {
  get(table: Table, key: Key): Promise<unknown>;
  put(table: Table, key: Key, value: unknown): void;
  remove(table: Table, key: Key): void;
  /** Rows in their order; backwards when the last ones are asked for. */
  rows(table: Table, range: Range): Promise<Row[]>;
  count(table: Table): Promise<number>;
}

export interface Store {
  /** All of the work or nothing of it, durable when the promise is kept; one after another. */
  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): void;
}

export function compared(one: Key, other: Key): number {
  for (let place = 0; place < Math.min(one.length, other.length); place += 1) {
    const difference = comparedParts(one[place]!, other[place]!);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

function comparedParts(one: number | string, other: number | string): number {
  if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}
