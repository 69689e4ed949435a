"""
Files of routing problems: Solomon, VRPLIB, Li and Lim, Loggi; solutions and best known values.

Pure: text in, domain out. One unit of a file's cost is one micro of ours, a meter is one unit of
its distance and a second one unit of its time, so that costs compare digit by digit with published
ones. Names of customers are their numbers in the file.
"""

from __future__ import annotations
