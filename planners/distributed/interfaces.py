"""By which network interface a process is reached: gloo takes that of the host name, which may be 127.0.0.1."""

import os
import socket
import struct
from contextlib import suppress
from typing import Final

GLOO: Final = "GLOO_SOCKET_IFNAME"
ADDRESS_OF: Final = 0x8915  # SIOCGIFADDR of Linux


def choose_interface(meeting_point: str) -> None:
    """Tell gloo the interface by which this machine reaches the first one, unless somebody has said which.

    Where the host name of a machine is one of its loopback addresses, as in many containers, or is not known, gloo
    would give the others an address that leads nowhere. Where all processes are on one machine, it is left alone.
    """
    if os.environ.get(GLOO) or not _is_loopback(socket.gethostname()) or _is_loopback(meeting_point):
        return
    name = interface_to(meeting_point)
    if name is not None:
        os.environ[GLOO] = name


def interface_to(host: str) -> str | None:
    """The name of the interface by which packets to a host leave; None where that cannot be found out.

    >>> interface_to("127.0.0.1") in ("lo", "lo0", None)
    True
    """
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))  # of datagrams: nothing is sent
        own = probe.getsockname()[0]
        for _, name in socket.if_nameindex():
            if _address_of(name, probe) == own:
                return name
    return None


def _address_of(interface: str, probe: socket.socket) -> str | None:
    """The IPv4 address of an interface, if it has one and the system tells."""
    try:
        from fcntl import ioctl
    except ImportError:  # not on this system
        return None
    with suppress(OSError):
        told = ioctl(probe.fileno(), ADDRESS_OF, struct.pack("256s", interface.encode()[:15]))
        return socket.inet_ntoa(told[20:24])
    return None


def _is_loopback(host: str) -> bool:
    """Whether a name leads back to this machine only, or nowhere."""
    try:
        return socket.gethostbyname(host).startswith("127.")
    except OSError:
        return True
