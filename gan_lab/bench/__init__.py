"""The benchmark of mixtures: methods side by side, by every published protocol, beside the published figures."""

from gan_lab.bench.cases import METHODS, METHODS_AS_PUBLISHED, make_case
from gan_lab.bench.measure import measure, measure_apart
from gan_lab.bench.protocol import PROTOCOLS, Protocol
from gan_lab.bench.published import PUBLISHED, Published
from gan_lab.bench.summary import summarise

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
