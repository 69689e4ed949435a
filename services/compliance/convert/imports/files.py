"""A file in any of the formats -> what it yields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from meshkit.errors import Invalid
from services.compliance.convert.imports import cds, features, geojson, osm, zfe
from services.compliance.convert.imports.means import Means
from services.compliance.domain.zone_import import Harvest, ImportFormat, ZoneImport

Reader = Callable[[Means, ZoneImport, bytes], Harvest]

READERS: Mapping[ImportFormat, Reader] = {
    ImportFormat.GEOJSON: geojson.read,
    ImportFormat.FR_ZFE: zfe.read,
    ImportFormat.OSM_PBF: osm.read,
    ImportFormat.CDS: cds.read,
}
REFUSALS: Mapping[ImportFormat, Callable[[bytes], None]] = {
    ImportFormat.GEOJSON: features.refuse_no_collection,
    ImportFormat.FR_ZFE: features.refuse_no_collection,
    ImportFormat.OSM_PBF: osm.refuse_no_extract,
    ImportFormat.CDS: cds.refuse_no_curbs,
}


def read_file(means: Means, own: ZoneImport, content: bytes) -> Harvest:
    """Everything in a file, and everything that is wrong with it; takes seconds: in a thread."""
    try:
        return READERS[own.format](means, own, content).checked()
    except Invalid as error:  # not in its format at all
        harvest = Harvest()
        for violation in error.violations:
            harvest.fault(violation.field, violation.description)
        return harvest


def refuse_unreadable(kind: ImportFormat, content: bytes) -> None:
    """Raises Invalid `IMPORT_INVALID` when the content is not in its format at all."""
    REFUSALS[kind](content)
