"""
The TypeScript client in a browser: what IndexedDB keeps survives the end of the browser.

Method: node strips the types, as it does for itself; Chromium loads the sources from a real server
and says there what it found.
"""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clients.typescript.tests.test_typescript import run_node

pytestmark = pytest.mark.browser
SAID_SECONDS_MAX = 60
STRIP = """
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
for (const folder of ["src", "tests"]) {
  mkdirSync(`${process.env.TO}/${folder}`);
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".ts"))) {
    const code = stripTypeScriptTypes(readFileSync(`${folder}/${name}`, "utf8"));
    writeFileSync(`${process.env.TO}/${folder}/${name}`, code);
  }
}
"""
PAGE = '<!doctype html><script type="module" src="tests/browser.live.ts"></script>'


class Pages(SimpleHTTPRequestHandler):
    """Serves the sources as scripts, and hears what the page says."""

    extensions_map = {".ts": "text/javascript", ".html": "text/html"}  # noqa: RUF012 - as inherited
    said: queue.Queue[str]

    def do_POST(self) -> None:
        """What the page found."""
        length = int(self.headers["content-length"])
        self.said.put(self.rfile.read(length).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002 - as inherited
        """Says nothing."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[tuple[str, queue.Queue[str]]]:
    run_node("--input-type=module", "--eval", STRIP, TO=str(tmp_path), NODE_NO_WARNINGS="1")
    (tmp_path / "index.html").write_text(PAGE)
    said = queue.Queue[str]()
    made = type("Told", (Pages,), {"said": said})
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *taken: made(*taken, directory=str(tmp_path))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html", said
    server.shutdown()
    server.server_close()


def visited(url: str, profile: Path, said: queue.Queue[str]) -> str:
    """What the page said; the browser is gone then."""
    switches = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run")
    with subprocess.Popen(
        ("chromium", *switches, f"--user-data-dir={profile}", url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as browser:
        try:
            return said.get(timeout=SAID_SECONDS_MAX)
        finally:
            browser.terminate()


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_the_rules_hold_over_indexed_db_and_survive_the_browser(
    pages: tuple[str, queue.Queue[str]], tmp_path: Path
) -> None:
    url, said = pages

    assert visited(f"{url}#first", tmp_path / "profile", said) == "good"
    assert visited(f"{url}#second", tmp_path / "profile", said) == "good"
