"""Who is the same person: clients that share a key, directly or through others. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def groups(clients: Iterable[tuple[T, str | None, str | None]]) -> dict[T, T]:
    """For each (client, e-mail key, phone key) one client that stands for all connected to it: the first given.

    Somebody's e-mail joins two clients, somebody's phone another two; what is joined to the same is joined.
    """
    parent: dict[T, T] = {}
    order: dict[T, int] = {}
    holder: dict[str, T] = {}

    def find(client: T) -> T:
        while parent[client] != client:
            parent[client] = parent[parent[client]]
            client = parent[client]
        return client

    for client, email_key, phone_key in clients:
        parent.setdefault(client, client)
        order.setdefault(client, len(order))
        for key in (email_key, phone_key):
            if key:
                first, second = sorted((find(holder.setdefault(key, client)), find(client)), key=order.__getitem__)
                parent[second] = first
    return {client: find(client) for client in parent}
