"""The knobs of the edge process, `DOORSTEP_WEB_*`, beside those that every process of ours has."""

from __future__ import annotations

from meshkit.config import MeshSettings, settings_of


class WebSettings(MeshSettings):
    """The edge process keeps nothing: it is told where to ask."""

    model_config = settings_of("web")

    dispatch_address: str = "127.0.0.1:8412"  # host:port; issues the tokens
    tracking_address: str = "127.0.0.1:8413"  # host:port; takes what is reported
