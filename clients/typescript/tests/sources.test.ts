/** Every source loads as it is: types that can be stripped, imports that exist. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const SOURCES = new URL("../src/", import.meta.url);

for (const name of readdirSync(SOURCES)) {
  test(`${name} loads`, async () => {
    assert.ok(await import(new URL(name, SOURCES).href));
  });
}
