"""``roomchat admin``: what whoever runs a server asks of it, over the socket beside its log."""

from __future__ import annotations

import click

from roomchat.cli.lazy import Commands


@click.group(
    commands=Commands(
        {
            "account": "roomchat.cli.admin.accounts:account",
            "audit": "roomchat.cli.admin.audit:audit",
            "backup": "roomchat.cli.admin.backup:backup",
            "ban": "roomchat.cli.admin.bans:ban",
            "bans": "roomchat.cli.admin.bans:bans",
            "cluster": "roomchat.cli.admin.cluster:cluster",
            "delete": "roomchat.cli.admin.rooms:delete",
            "invite": "roomchat.cli.admin.invites:invite",
            "invites": "roomchat.cli.admin.invites:invites",
            "revoke": "roomchat.cli.admin.invites:revoke",
            "room": "roomchat.cli.admin.rooms:room",
            "stats": "roomchat.cli.admin.stats:stats",
            "unban": "roomchat.cli.admin.bans:unban",
        }
    )
)
def admin() -> None:
    """Rule the server that runs on this machine.

    Who may is whom the system lets open the socket beside the server's database: its owner, and root. What is
    changed is written into the audit log there.
    """
