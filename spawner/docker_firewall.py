"""What containers may reach: the internet without its mail ports, and nothing of this machine.

Two chains of our own, filled in one step, and a jump to each at the head of the kernel's and of
Docker's chain. Another program that rewrites the firewall removes the jumps or puts rules of its
own before them; `ensure` puts them back. Containers have no IPv6, and would get nowhere with it.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from dialup_ext.errors import BadInput, Unavailable

PRIVATE = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
           "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
           "168.63.129.16/32")
"""Addresses that are somebody's own. The last one looks public and is Azure's door to a machine's secrets."""

MAIL = "25,465,587"
BUSY, ATTEMPTS = 4, 20
"""The exit code when another program is changing the rules, and how often we ask again."""

MOMENTS = 5.0
"""Seconds rules count as in place after they were put there."""

BRIDGED = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
"""Without it, frames between two containers of one network pass no rule at all."""

IPV6 = Path("/proc/net/if_inet6")

_RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


class Firewall:
    """The rules for bridges whose names begin with `bridges`. Needs root."""

    def __init__(self, bridges: str, allowed: Sequence[str] = ()) -> None:
        self._bridges = bridges
        self._chains = f"{bridges.upper()}-IN", f"{bridges.upper()}-OUT"
        self._allowed = list(allowed)
        self._ensured = float("-inf")

    def ensure(self) -> None:
        """Put every rule in its place; twice is once, and nothing is open in between.

        Raises `Unavailable` (`firewall_needs_root`, `firewall_missing`, `firewall_refused`).
        """
        if os.geteuid() != 0:
            raise Unavailable("Only root may set the rules that keep containers apart.",
                              code="firewall_needs_root",
                              hint="Run dialup as root, or use the process driver: DIALUP_DRIVER=process.")
        _call_bridges_in()
        _run("iptables-restore", "--noflush", "-w", "5", text=self.text())
        for chain, jump in self._jumps():
            if not comes_first(_listed(chain), jump):  # one further down does no harm, `remove` takes it too
                _run("iptables", "-w", "5", "-I", chain, "1", *jump)
        self._ensure_no_ipv6()
        self._ensured = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since every rule was in its place; infinite before the first time."""
        return time.monotonic() - self._ensured

    def remove(self) -> None:
        """Take all of it away again. Idempotent."""
        self._ensured = float("-inf")
        for chain, jump in self._jumps():
            while _holds("iptables", "-w", "5", "-D", chain, *jump):
                pass
        for chain in self._chains:
            if _holds("iptables", "-w", "5", "-F", chain):
                _run("iptables", "-w", "5", "-X", chain)
        for chain in ("INPUT", "FORWARD"):
            while IPV6.exists() and _holds("ip6tables", "-w", "5", "-D", chain, *self._refusal()):
                pass

    def text(self) -> str:
        """The rules as `iptables-restore` reads them."""
        return rules(*self._chains, resolvers(), self._allowed)

    def _ensure_no_ipv6(self) -> None:
        """A second wall: our networks have no IPv6, but their bridges on this machine do."""
        for chain in ("INPUT", "FORWARD") if IPV6.exists() else ():
            if not _holds("ip6tables", "-w", "5", "-C", chain, *self._refusal()):
                _run("ip6tables", "-w", "5", "-I", chain, "1", *self._refusal())

    def _refusal(self) -> tuple[str, ...]:
        return "-i", f"{self._bridges}+", "-j", "REJECT"

    def _jumps(self) -> list[tuple[str, tuple[str, ...]]]:
        come_in, go_out = self._chains
        return [("INPUT", ("-i", f"{self._bridges}+", "-j", come_in)),
                ("DOCKER-USER", ("-i", f"{self._bridges}+", "-j", go_out))]


def rules(come_in: str, go_out: str, names: Sequence[str], allowed: Sequence[str]) -> str:
    """The two chains as text. Pure. `names` are the machine's name servers, `allowed` what the
    operator opens.
    """
    answers = "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
    lookups = [f"-d {ip}/32 -p {kind} --dport 53 -j RETURN" for ip in names for kind in ("udp", "tcp")]
    to_host = [answers, *lookups, "-j REJECT --reject-with icmp-port-unreachable"]
    to_world = [
        answers,
        # Within one network Docker decides: it lets a work network talk, a sites network not.
        "-m physdev --physdev-is-bridged -j RETURN",
        *lookups,
        *(f"-d {network} -j RETURN" for network in allowed),
        *(f"-d {network} -j REJECT --reject-with icmp-port-unreachable" for network in PRIVATE),
        f"-p tcp -m multiport --dports {MAIL} -j REJECT --reject-with icmp-port-unreachable",
        "-m conntrack --ctstate NEW -m hashlimit --hashlimit-above 50/sec --hashlimit-burst 200 "
        f"--hashlimit-mode srcip --hashlimit-name {go_out.lower()[:15]} -j REJECT",
    ]
    lines = ["*filter", f":{come_in} - [0:0]", f":{go_out} - [0:0]",
             *(f"-A {come_in} {rule}" for rule in to_host), *(f"-A {go_out} {rule}" for rule in to_world),
             "COMMIT"]
    return "\n".join(lines) + "\n"


def comes_first(listed: str, jump: Sequence[str]) -> bool:
    """True when nothing but other installations' jumps stands before ours; from `iptables -S`. Pure."""
    for line in listed.splitlines():
        words = line.split()[2:]
        if line.startswith("-A") and words == list(jump):
            return True
        if line.startswith("-A") and not words[-1].startswith("DLP"):
            return False
    return False


def parse_allowed(text: str) -> list[str]:
    """The setting `network_allow`: ranges with commas in between. Raises `BadInput`."""
    try:
        return [str(ipaddress.IPv4Network(part.strip())) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise BadInput(f"The setting “network_allow” cannot be “{text}”.", code="bad_setting",
                       hint="Use addresses or ranges with commas in between: 10.0.0.7/32, 10.1.0.0/16.") from error


def resolvers(files: Sequence[Path] = _RESOLVERS) -> list[str]:
    """The name servers this machine asks, but for those on its own loopback."""
    found = []
    for path in files:
        lines = path.read_text().splitlines() if path.exists() else []
        found += [words[1] for line in lines if (words := line.split())[:1] == ["nameserver"] and len(words) > 1]
    return sorted({ip for ip in found if _is_distant_ipv4(ip)})


def _is_distant_ipv4(ip: str) -> bool:
    try:
        return not ipaddress.IPv4Address(ip).is_loopback
    except ValueError:
        return False


def _run(program: str, *arguments: str, text: str | None = None) -> None:
    done = _call(program, *arguments, text=text)
    if done.returncode:
        raise Unavailable("The rules that keep containers apart could not be set: "
                          f"{done.stderr.strip().splitlines()[0] if done.stderr.strip() else program}.",
                          code="firewall_refused",
                          hint="Docker must manage iptables (its default), and the kernel must know physdev, "
                               "hashlimit and multiport.")


def _listed(chain: str) -> str:
    return _call("iptables", "-w", "5", "-S", chain).stdout


def _call_bridges_in() -> None:
    """Docker turns it on when it makes a network; other programs' settings turn it off."""
    if BRIDGED.exists() and BRIDGED.read_text().strip() == "0":
        try:
            BRIDGED.write_text("1")
        except OSError as error:
            raise Unavailable("Containers of one network cannot be kept apart.", code="firewall_refused",
                              hint="Set net.bridge.bridge-nf-call-iptables to 1.") from error


def _holds(program: str, *arguments: str) -> bool:
    done = _call(program, *arguments)
    if done.returncode == BUSY:
        raise Unavailable("Another program keeps changing the firewall.", code="firewall_refused",
                          hint="Try again in a minute.")
    return done.returncode == 0


def _call(program: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        raise Unavailable(f"{program} is not installed on this server.", code="firewall_missing",
                          hint="Install the package “iptables”.")
    for _ in range(ATTEMPTS):
        done = subprocess.run([path, *arguments], input=text, capture_output=True, text=True, check=False)
        if done.returncode != BUSY:
            break
        time.sleep(0.1)
    return done
