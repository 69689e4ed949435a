/** A store in memory: for tests, and beneath the one that keeps a file. */

import { compared, TABLES } from "./store.ts";
import type { Key, Range, Row, Store, Table, Transaction } from "./store.ts";

/** One change of a transaction; without a value the row was removed. */
export interface Change {
  readonly table: Table;
  readonly key: Key;
  readonly value?: unknown;
}

type Tables = Record<Table, Row[]>;

export class MemoryStore implements Store {
  #tables = Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Tables;
  #turn: Promise<unknown> = Promise.resolve();

  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#apply(work));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  close(): void {}

  /** Makes a transaction durable; throws when it cannot be. In memory there is nothing to do. */
  protected keep(_changes: readonly Change[]): void {}

  /** What an earlier life left. */
  protected restore(changes: readonly Change[]): void {
    for (const change of changes) set(this.#tables[change.table], change);
  }

  protected get rows(): readonly Change[] {
    return TABLES.flatMap((table) => this.#tables[table].map((row) => ({ table, ...row })));
  }

  async #apply<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const made = new MemoryTransaction(this.#tables);
    try {
      const result = await work(made);
      if (made.changes.length > 0) this.keep(made.changes);
      return result;
    } catch (error) {
      made.undo();
      throw error;
    }
  }
}

class MemoryTransaction implements Transaction {
  readonly changes: Change[] = [];
  #before: Change[] = [];
  #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async get(table: Table, key: Key): Promise<unknown> {
    return found(this.#tables[table], key)?.value;
  }

  put(table: Table, key: Key, value: unknown): void {
    this.#change({ table, key, value: structuredClone(value) });
  }

  remove(table: Table, key: Key): void {
    this.#change({ table, key });
  }

  async rows(table: Table, { from = [], until, last, limit }: Range): Promise<Row[]> {
    const rows = this.#tables[table];
    const start = place(rows, from);
    const end = until === undefined ? rows.length : place(rows, until);
    if (!last) return rows.slice(start, Math.min(end, start + limit));
    return rows.slice(Math.max(start, end - limit), end).reverse();
  }

  async count(table: Table): Promise<number> {
    return this.#tables[table].length;
  }

  undo(): void {
    for (const change of this.#before.reverse()) set(this.#tables[change.table], change);
  }

  #change(change: Change): void {
    const { table, key } = change;
    this.#before.push({ table, key, value: found(this.#tables[table], key)?.value });
    this.changes.push(change);
    set(this.#tables[table], change);
  }
}

function set(rows: Row[], { key, value }: Change): void {
  const at = place(rows, key);
  const there = rows[at] !== undefined && compared(rows[at].key, key) === 0;
  if (value === undefined) rows.splice(at, Number(there));
  else rows.splice(at, Number(there), { key, value });
}

function found(rows: Row[], key: Key): Row | undefined {
  const row = rows[place(rows, key)];
  return row !== undefined && compared(row.key, key) === 0 ? row : undefined;
}

/** Where the first row at or after a key stands. */
function place(rows: readonly Row[], key: Key): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compared(rows[middle]!.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
