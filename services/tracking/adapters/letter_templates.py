"""
The words of messages: Jinja2 templates by language and channel, in a sandbox.

`templates/LANGUAGE.CHANNEL.j2`; the first line is the subject. A language counts as there when it
has every channel. Templates are ours, yet run in a sandbox: what is put into them is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.tracking.domain.subscription import Channel

FOLDER = Path(__file__).parents[1] / "templates"
CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PUSH)


class LetterTemplates:
    """Implements `outbound_ports.Words`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=False
        )
        names = {path.name.split(".")[0] for path in folder.glob("*.j2")}
        self.languages = frozenset(
            name for name in names if all((folder / _file(name, one)).exists() for one in CHANNELS)
        )

    def written(
        self, language: str, channel: Channel, values: Mapping[str, object]
    ) -> tuple[str, str]:
        """Subject and text."""
        template = self._environment.get_template(_file(language, channel))
        subject, _, text = template.render(values).strip().partition("\n")
        return subject.strip(), text.strip()


def _file(language: str, channel: Channel) -> str:
    return f"{language}.{channel.lower()}.j2"
