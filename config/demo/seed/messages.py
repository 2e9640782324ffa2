"""The companies' message templates. WhatsApp's are copies of what a provider has approved."""

from typing import Final

from actions.models.message_template import Channel, MessageTemplate
from tenants.models.tenant import Tenant

CONFIRMED: Final = {
    "en": (
        "Order confirmed",
        "Hello, and thank you for your order. We have confirmed order {{1}}, total {{2}}. "
        "We will write again as soon as it is on its way.",
    ),
    "ar": (
        "تأكيد الطلب",
        "مرحبًا، شكرًا لطلبك من متاجر نجد. لقد أكّدنا طلبك رقم {{1}} بمبلغ {{2}}، "
        "وسنراسلك فور خروجه للتوصيل.",
    ),
}
SUMMARY_NAME: Final = {"en": "New order, for operations", "ar": "طلب جديد، لقسم العمليات"}
SUMMARY_SUBJECT: Final = {
    "en": "New order {{ trigger.order_number }}",
    "ar": "طلب جديد رقم {{ trigger.order_number }}",
}
# An application that fires the event itself may leave these out.
_NUMBER: Final = "{{ trigger.order_number | default: trigger.order_id }}"
_TOTAL: Final = "{{ trigger.total_amount | money: trigger.currency }}"
SUMMARY_TEXT: Final = {
    "en": f"""\
Order {_NUMBER} was confirmed.

Total:    {_TOTAL}
Customer: {{{{ trigger.customer_name | default: "unknown" }}}}
Phone:    {{{{ trigger.customer_phone }}}}
Came by:  {{{{ trigger.source | default: "unknown" }}}}
Told on WhatsApp: {{{{ steps.notify_customer.status }}}}

Order id: {{{{ trigger.order_id }}}}
""",
    "ar": f"""\
تم تأكيد الطلب رقم {_NUMBER}.

المبلغ: {_TOTAL}
العميل: {{{{ trigger.customer_name | default: "غير معروف" }}}}
الهاتف: {{{{ trigger.customer_phone }}}}
إشعار واتساب: {{% if steps.notify_customer.status == "completed" %}}أُرسل{{% else %}}لم يُرسل{{% endif %}}

معرّف الطلب: {{{{ trigger.order_id }}}}
""",
}
SUMMARY_HTML: Final = {
    "en": f"""\
<h2>Order {_NUMBER}</h2>
<p>{{{{ trigger.customer_name | default: "unknown" }}}} ({{{{ trigger.customer_phone }}}})</p>
<p><strong>{_TOTAL}</strong></p>
<p><small>{{{{ trigger.order_id }}}}</small></p>
""",
    "ar": f"""\
<div dir="rtl" lang="ar">
<h2>الطلب رقم {_NUMBER}</h2>
<p>{{{{ trigger.customer_name | default: "غير معروف" }}}}
(<bdi dir="ltr">{{{{ trigger.customer_phone }}}}</bdi>)</p>
<p><strong>{_TOTAL}</strong></p>
<p><small><bdi dir="ltr">{{{{ trigger.order_id }}}}</bdi></small></p>
</div>
""",
}


def add_messages(tenant: Tenant) -> None:
    """Write the templates in the company's language. What people changed stays."""
    language = tenant.language
    name, text = CONFIRMED[language]
    MessageTemplate.objects.get_or_create(
        tenant=tenant,
        key="order_confirmed",
        defaults={
            "channel": Channel.WHATSAPP,
            "name": name,
            "language": language,
            "text": text,
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
            "text": SUMMARY_TEXT[language],
            "html": SUMMARY_HTML[language],
        },
    )
