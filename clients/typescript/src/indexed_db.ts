/** A store for browsers: IndexedDB, which survives a closed tab and a dead battery. */

import { TABLES } from "./store.ts";
import type { Key, Range, Row, Store, Table, Transaction } from "./store.ts";

const VERSION = 1;

export class IndexedDbStore implements Store {
  #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Opens the store of that name; it is made when there is none. */
  static async open(name: string): Promise<IndexedDbStore> {
    const opening = indexedDB.open(name, VERSION);
    opening.onupgradeneeded = () => {
      for (const table of TABLES) opening.result.createObjectStore(table);
    };
    return new IndexedDbStore(await answer(opening));
  }

  /** Transactions over the same tables follow one another, in all tabs of the page's origin. */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = this.#database.transaction([...TABLES], "readwrite", { durability: "strict" });
    const ended = new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error ?? new Error("the browser ended the transaction"));
    });
    try {
      const result = await work(new IndexedDbTransaction(tx));
      await ended;
      return result;
    } catch (error) {
      ended.catch(() => undefined);
      abort(tx);
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }
}

class IndexedDbTransaction implements Transaction {
  #tx: IDBTransaction;

  constructor(tx: IDBTransaction) {
    this.#tx = tx;
  }

  get(table: Table, key: Key): Promise<unknown> {
    return answer(this.#tx.objectStore(table).get([...key]));
  }

  put(table: Table, key: Key, value: unknown): void {
    this.#tx.objectStore(table).put(value, [...key]);
  }

  remove(table: Table, key: Key): void {
    this.#tx.objectStore(table).delete([...key]);
  }

  rows(table: Table, { from = [], until, last, limit }: Range): Promise<Row[]> {
    const bounds = until
      ? IDBKeyRange.bound([...from], [...until], false, true)
      : IDBKeyRange.lowerBound([...from]);
    const asked = this.#tx.objectStore(table).openCursor(bounds, last ? "prev" : "next");
    return new Promise((resolve, reject) => {
      const rows: Row[] = [];
      asked.onerror = () => reject(asked.error);
      asked.onsuccess = () => {
        const cursor = asked.result;
        if (cursor === null || rows.length >= limit) return resolve(rows);
        rows.push({ key: cursor.key as unknown as Key, value: cursor.value });
        cursor.continue();
      };
    });
  }

  count(table: Table): Promise<number> {
    return answer(this.#tx.objectStore(table).count());
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function abort(tx: IDBTransaction): void {
  try {
    tx.abort();
  } catch {
    // It has ended by itself, for the same reason.
  }
}
