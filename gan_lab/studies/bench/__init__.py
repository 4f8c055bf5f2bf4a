"""The benchmark of mixtures: methods side by side, by every published protocol, beside the published figures."""

from gan_lab.studies.bench.cases import METHODS, METHODS_AS_PUBLISHED, make_case
from gan_lab.studies.bench.measure import measure, measure_apart
from gan_lab.studies.bench.protocol import PROTOCOLS, Protocol
from gan_lab.studies.bench.published import PUBLISHED, Published
from gan_lab.studies.bench.summary import summarise

__all__ = [
    "METHODS",
    "METHODS_AS_PUBLISHED",
    "PROTOCOLS",
    "PUBLISHED",
    "Protocol",
    "Published",
    "make_case",
    "measure",
    "measure_apart",
    "summarise",
]
