"""Acceptance cases against the real code: `python -m tests.cases {hours|zones|carbon} FILE`."""
