"""What steps and templates may know of a tenant: plain values, no model."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TenantFacts:
    """A tenant as its workflows see it."""

    id: UUID
    key: str
    name: str
    time_zone: str  # IANA name, e.g. "Asia/Beirut"
    language: str  # language of its messages, e.g. "ar"
    currency: str  # ISO 4217, e.g. "SAR"
    country: str  # ISO 3166-1 alpha-2; the region of phone numbers written without a country code
