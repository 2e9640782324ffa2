"""The companies' message templates. WhatsApp's are copies of what a provider has approved."""

from pathlib import Path
from typing import Final

from actions.models.message_template import Channel, MessageTemplate
from tenants.models.tenant import Tenant

TEXTS: Final = Path(__file__).resolve().parents[1] / "messages"
CONFIRMED_NAME: Final = {"en": "Order confirmed", "ar": "تأكيد الطلب"}
SUMMARY_NAME: Final = {"en": "New order, for operations", "ar": "طلب جديد، لقسم العمليات"}
SUMMARY_SUBJECT: Final = {
    "en": "New order {{ trigger.order_number }}",
    "ar": "طلب جديد رقم {{ trigger.order_number }}",
}


def add_messages(tenant: Tenant) -> None:
    language = tenant.language
    MessageTemplate.objects.get_or_create(
        tenant=tenant,
        key="order_confirmed",
        defaults={
            "channel": Channel.WHATSAPP,
            "name": CONFIRMED_NAME[language],
            "language": language,
            "text": _text(f"confirmed.{language}.txt").strip(),
            "provider_name": "order_confirmed",
            "parameters": ["order_id", "total"],
        },
    )
    MessageTemplate.objects.get_or_create(
        tenant=tenant,
        key="ops_new_order_summary",
        defaults={
            "channel": Channel.EMAIL,
            "name": SUMMARY_NAME[language],
            "language": language,
            "subject": SUMMARY_SUBJECT[language],
            "text": _text(f"summary.{language}.txt"),
            "html": _text(f"summary.{language}.html"),
        },
    )


def _text(file: str) -> str:
    return (TEXTS / file).read_text(encoding="utf-8")
