"""`manage.py rotate_secrets`: encrypt every connection's secrets with the newest key."""

from typing import Any

from django.core.management.base import BaseCommand

from actions.models.connection import Connection


class Command(BaseCommand):
    """Run it after a key was added in front; then the old key can go."""

    help = "Encrypt all connections' secrets again with the first of SAYR_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        count = Connection.objects.rotate_secrets()
        self.stdout.write(f"{count} connections are encrypted with the newest key.")
