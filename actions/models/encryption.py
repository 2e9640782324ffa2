"""How a connection's secrets are stored: encrypted, and bound to their tenant and destination."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

Secrets = Mapping[str, str]


class SecretsUnreadable(Exception):
    """The stored secrets cannot be used. `code` says why; no secret is in the message."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """Encrypted secrets, as stored. Printing one shows nothing."""

    token: str = field(repr=False)

    def __str__(self) -> str:
        return "sealed"

    def __bool__(self) -> bool:
        return bool(self.token)


def seal(secrets: Secrets, *, tenant_id: UUID, destination: str) -> SealedSecrets:
    """Encrypt `secrets` for one tenant and one destination."""
    if not secrets:
        return SealedSecrets("")
    # Fernet authenticates no data beside the text, so what the secrets belong to stands inside:
    # a row copied to another tenant, or pointed at another server, does not open.
    text = json.dumps({"tenant": str(tenant_id), "to": destination, "secrets": dict(secrets)})
    return SealedSecrets(_keys().encrypt(text.encode()).decode("ascii"))


def unseal(sealed: SealedSecrets, *, tenant_id: UUID, destination: str) -> Secrets:
    """Decrypt. Raises SecretsUnreadable."""
    if not sealed:
        return {}
    try:
        content = json.loads(_keys().decrypt(sealed.token.encode()))
    except InvalidToken as error:
        raise SecretsUnreadable(
            "connection_key_missing",
            "None of the keys in SAYR_ENCRYPTION_KEYS opens these secrets.",
        ) from error
    if content["tenant"] != str(tenant_id):
        raise SecretsUnreadable(
            "connection_of_other_tenant", "These secrets were stored for another tenant."
        )
    if content["to"] != destination:
        raise SecretsUnreadable(
            "connection_moved",
            "The connection points to another server than when its secrets were entered.",
        )
    secrets: Secrets = content["secrets"]
    return secrets


def reseal(sealed: SealedSecrets) -> SealedSecrets:
    """Encrypt again with the newest key. Raises SecretsUnreadable."""
    if not sealed:
        return sealed
    try:
        return SealedSecrets(_keys().rotate(sealed.token.encode()).decode("ascii"))
    except InvalidToken as error:
        raise SecretsUnreadable(
            "connection_key_missing",
            "None of the keys in SAYR_ENCRYPTION_KEYS opens these secrets.",
        ) from error


class SealedSecretsField(models.TextField):  # type: ignore[type-arg]  # not generic at run time
    """Takes a dict of secrets, stores it sealed, gives back `SealedSecrets`.

    The model has `tenant_id` and `destination`; `Connection.open_secrets()` reads.
    """

    # Read by the type checker: what may be assigned, and what is found.
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str, expression: object, connection: object) -> SealedSecrets:
        return SealedSecrets(value)

    def to_python(self, value: Any) -> Any:
        """Read a stored token (fixtures); a dict or a sealed value stays what it is."""
        return SealedSecrets(value) if isinstance(value, str) else value

    def pre_save(self, model_instance: Any, add: bool) -> SealedSecrets:
        value = getattr(model_instance, self.attname)
        if isinstance(value, Mapping):
            value = seal(
                value,
                tenant_id=model_instance.tenant_id,
                destination=model_instance.destination,
            )
            setattr(model_instance, self.attname, value)
        return self.to_python(value) or SealedSecrets("")

    def get_prep_value(self, value: Any) -> str:
        """Return the column's text. Raises TypeError for secrets that were not sealed."""
        value = self.to_python(value)
        if not isinstance(value, SealedSecrets):
            # QuerySet.update() comes this way: it knows neither tenant nor destination.
            raise TypeError("Secrets are sealed by save() or bulk_create(), not by update().")
        return value.token

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.pre_save(obj, add=False)))


def _keys() -> MultiFernet:
    keys: list[str] = getattr(settings, "SAYR_ENCRYPTION_KEYS", [])
    if not keys:
        raise ImproperlyConfigured("SAYR_ENCRYPTION_KEYS is empty: secrets cannot be stored.")
    return MultiFernet([Fernet(key) for key in keys])
