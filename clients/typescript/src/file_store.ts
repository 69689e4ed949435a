/**
 * A store for Node: a file to which each transaction is added as one line, and flushed.
 *
 * A line that a crash cut short is no transaction, and is dropped when the file is opened again. The
 * file is then written anew with what still waits, and whenever it has grown far beyond that.
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { renameSync, writeFileSync } from "node:fs";
import { MemoryStore } from "./memory_store.ts";
import type { Change } from "./memory_store.ts";

const LINES_MAX = 100_000; // before the file is written anew

export class FileStore extends MemoryStore {
  #path: string;
  #file = -1;
  #lines = 0;

  constructor(path: string) {
    super();
    this.#path = path;
    for (const changes of existsSync(path) ? transactions(readFileSync(path, "utf8")) : []) {
      this.restore(changes);
    }
    this.#rewrite();
  }

  override close(): void {
    closeSync(this.#file);
  }

  protected override keep(changes: readonly Change[]): void {
    if (this.#lines > LINES_MAX) {
      this.#rewrite(); // what was changed just now is in it
      return;
    }
    add(this.#file, changes);
    this.#lines += 1;
  }

  #rewrite(): void {
    const fresh = openSync(`${this.#path}.new`, "w", 0o600);
    add(fresh, this.rows);
    renameSync(`${this.#path}.new`, this.#path);
    if (this.#file >= 0) closeSync(this.#file);
    [this.#file, this.#lines] = [fresh, 0];
  }
}

function add(file: number, changes: readonly Change[]): void {
  writeFileSync(file, `${JSON.stringify(changes)}\n`);
  fsyncSync(file);
}

function* transactions(text: string): Generator<readonly Change[]> {
  const lines = text.split("\n");
  lines.pop(); // empty, or cut short
  for (const line of lines) yield JSON.parse(line) as Change[];
}
