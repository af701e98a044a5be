"""Devices for pushes: none yet, and several."""

from __future__ import annotations

from typing import Any

from tests.blackbox import Merchant

NAMES = ["push_devices_none", "push_devices", "local_pushes"]


def arrange(places: Any, merchant: Any) -> None:
    for _ in range(2):
        page = merchant.get("/notification-settings/devices")
        merchant.submit(page, "/notification-settings/devices/practice")
    places.add(Merchant(places.stack).sign_up("Nothing Pushed Yet"), push_devices_none="/notification-settings/devices")
    places.add(merchant, push_devices="/notification-settings/devices")
    places.add(None, local_pushes=f"{places.stack.phone_url}/dev/push")
