"""What every test may ask for. Plugins must be named here, at the root, and nowhere below."""

from __future__ import annotations

pytest_plugins = ["meshkit.pgtest"]
