"""What every worker process settles when it starts."""

from __future__ import annotations

from lab.engine.gang.process_start import interface_of


def test_the_interface_of_an_address_is_found() -> None:
    assert interface_of("127.0.0.1") in ("lo", "lo0")


def test_an_address_of_another_machine_has_no_interface_here() -> None:
    assert interface_of("192.0.2.1") is None
