"""The companies' message templates. WhatsApp's are copies of what a provider has approved."""

from pathlib import Path
from typing import Final

from actions.models.message_template import Channel, MessageTemplate
from tenants.models.tenant import Tenant
from workflows.services.messages.publishing import make_template

ACTOR: Final = "demo"
TEXTS: Final = Path(__file__).resolve().parents[1] / "messages"
CONFIRMED_NAME: Final = {"en": "Order confirmed", "ar": "تأكيد الطلب"}
SUMMARY_NAME: Final = {"en": "New order, for operations", "ar": "طلب جديد، لقسم العمليات"}
_SUM: Final = "{{ trigger.total_amount | money: trigger.currency }}"
SUMMARY_SUBJECT: Final = {
    "en": "New order {{ trigger.order_number }}, " + _SUM,
    "ar": "طلب جديد رقم {{ trigger.order_number }}، " + _SUM,
}


def add_messages(tenant: Tenant) -> None:
    language = tenant.language
    known = set(MessageTemplate.objects.of(tenant.pk).values_list("key", flat=True))
    if "order_confirmed" not in known:
        make_template(
            tenant,
            ACTOR,
            key="order_confirmed",
            channel=Channel.WHATSAPP,
            name=CONFIRMED_NAME[language],
            language=language,
            text=_text(f"confirmed.{language}.txt").strip(),
            provider_name="order_confirmed",
            parameters=["order_id", "total"],
        )
    if "ops_new_order_summary" not in known:
        other = "en" if language == "ar" else "ar"
        make_template(
            tenant,
            ACTOR,
            key="ops_new_order_summary",
            channel=Channel.EMAIL,
            name=SUMMARY_NAME[language],
            language=language,
            **_summary(language),
            translations={other: _summary(other)},
        )


def _summary(language: str) -> dict[str, str]:
    return {"subject": SUMMARY_SUBJECT[language], "body": _text(f"summary.{language}.md")}


def _text(file: str) -> str:
    return (TEXTS / file).read_text(encoding="utf-8")
