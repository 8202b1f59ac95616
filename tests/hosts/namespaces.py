"""Hosts on one machine: each a network namespace with its own address, name and file systems.

The hosts' links end in a switch (a bridge in a namespace of its own). Every host sees the same
`shared` folder, and under the one path `local` each sees a folder of its own, which holds its home
and its temporary files; /dev/shm is its own as well. So a file that is needed elsewhere and was
not put into the shared folder is missed, as between real machines.

Needs root and Debian's iproute2 and util-linux; `unavailable()` says what is missing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SETTING_UP = """
set -e
hostname "$1"
mount --bind "$2" "$3"
mount --bind "$4" /etc/hosts
mount -t tmpfs -o size=400m tmpfs /dev/shm
ip link set lo up
echo ready
exec sleep infinity
"""


def unavailable() -> str | None:
    """Why there can be no hosts here, in one sentence, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "unshare", "nsenter", "mount"):
        if shutil.which(tool) is None:
            return f"there is no `{tool}` (Debian: iproute2, util-linux, mount)"
    try:
        with hosts(1):
            return None
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return f"this machine allows no network namespaces ({said[0] if said else error})"


@dataclass
class Host:
    """One host; `name` is its host name and the name of its port at the switch."""

    name: str
    address: str
    namespace: str
    network: Network
    keeper: subprocess.Popen[str]
    """Sleeps, and so keeps the host's mounts and name."""

    def start(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[str]:
        """A process on this host, in the checkout's folder."""
        entering = ["nsenter", f"--target={self.keeper.pid}", "--net", "--mount", "--uts"]
        local = self.network.local
        settled = {"HOME": str(local / "home"), "TMPDIR": str(local / "tmp"), **(env or {})}
        return subprocess.Popen(
            [*entering, "env", f"--chdir={ROOT}", *command],
            env={**os.environ, **settled},
            text=True,
            **options,
        )

    def run(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
        """What a process on this host prints; CalledProcessError when it fails."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with self.start(command, env, **pipes) as process:
            said, _ = process.communicate(timeout=120)
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command, said, said)
        return said

    def pids(self) -> list[int]:
        """Every process of this host."""
        listed = _ip("netns", "pids", self.namespace)
        return [int(pid) for pid in listed.split()]

    def runs(self, word: str) -> bool:
        """Whether a process with this word in its command line is on this host."""
        for pid in self.pids():
            with contextlib.suppress(OSError):  # it ended while we looked
                if word in Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                    return True
        return False

    def lose_power(self) -> None:
        """The link goes down first, so that nothing tells the others, then everything dies."""
        _ip("-n", self.network.switch, "link", "set", self.name, "down")
        self.end_processes()

    def end_processes(self) -> None:
        """Kill every process of this host, and those that they start meanwhile."""
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.keeper.wait()


@dataclass
class Network:
    """The hosts and what they share."""

    folder: Path
    switch: str
    hosts: list[Host] = field(default_factory=list)

    @property
    def shared(self) -> Path:
        """The folder that all hosts see."""
        return self.folder / "shared"

    @property
    def local(self) -> Path:
        """The path under which each host sees its own folder."""
        return self.folder / "local"


@contextlib.contextmanager
def hosts(count: int) -> Iterator[Network]:
    """So many hosts, host-1 at 10.77.0.1 and so on; nothing of them is left afterwards."""
    prefix = f"lab{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="lab-hosts-"))
    network = Network(folder, f"{prefix}-switch")
    namespaces = [network.switch]
    try:
        network.shared.mkdir()
        network.local.mkdir()
        _ip("netns", "add", network.switch)
        _ip("-n", network.switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", network.switch, "link", "set", "bridge", "up")
        for number in range(1, count + 1):
            namespaces.append(f"{prefix}-host-{number}")
            network.hosts.append(_host(network, number, namespaces[-1]))
        yield network
    finally:
        for host in network.hosts:
            host.end_processes()
        for namespace in namespaces:
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _host(network: Network, number: int, namespace: str) -> Host:
    name, address = _name(number), _address(number)
    _ip("netns", "add", namespace)
    _ip(
        *f"link add eth0 netns {namespace} type veth peer name {name}".split(),
        "netns",
        network.switch,
    )
    _ip(*f"-n {network.switch} link set {name} master bridge up".split())
    _ip(*f"-n {namespace} address add {address}/24 dev eth0".split())
    _ip(*f"-n {namespace} link set eth0 up".split())

    own = network.folder / name
    for place in ("home", "tmp"):
        (own / place).mkdir(parents=True)
    names = own / "hosts"  # as Debian has it: a host's own name is not its address
    names.write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n")
    entering = ["ip", "netns", "exec", namespace, "unshare", "--mount", "--uts"]
    keeper = subprocess.Popen(
        [
            *entering,
            "sh",
            "-c",
            SETTING_UP,
            "sh",
            name,
            str(own),
            str(network.local),
            str(names),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    host = Host(name, address, namespace, network, keeper)
    assert keeper.stdout is not None
    said = keeper.stdout.readline()
    if said.strip() != "ready":
        host.end_processes()
        raise OSError(said.strip())
    return host


def _name(number: int) -> str:
    return f"host-{number}"


def _address(number: int) -> str:
    return f"10.77.0.{number}"


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], capture_output=True, text=True, check=True).stdout
