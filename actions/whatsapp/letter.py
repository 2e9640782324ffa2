"""A message that is ready: as WhatsApp wants it, and as its reader sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from actions.whatsapp.places import filled
from actions.whatsapp.registered import (
    MEDIA,
    Button,
    ButtonKind,
    HeaderKind,
    Registered,
    ValueKind,
    Wanted,
)
from actions.whatsapp.values import checked, own_key, shown_address
from tenants.core.json import Json


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one phone."""

    phone: str
    template: Registered
    language: str
    values: Mapping[str, str]  # by `own_key`

    def body(self) -> Json:
        content: dict[str, Json] = {
            "name": self.template.name,
            "language": {"code": self.language},
        }
        components = self._components()
        if components:
            content["components"] = components
        return {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": self.phone,
            "type": "template",
            "template": content,
        }

    def shown(self) -> dict[str, Json]:
        """Return the message as its reader sees it. What the template has not is not there."""
        found: dict[str, Json] = {
            "language": self.language,
            "values": [self._own(one) for one in self._of("body")],
            "text": filled(self.template.body, self._by_place("body")),
        }
        if self.template.header:
            found["header"] = self._header_shown()
        if self.template.footer:
            found["footer"] = self.template.footer
        if self.template.buttons:
            found["buttons"] = [
                self._button_shown(index, button)
                for index, button in enumerate(self.template.buttons)
            ]
        return found

    def _of(self, part: str) -> list[Wanted]:
        return [one for one in self.template.wanted if one.part == part]

    def _own(self, wanted: Wanted) -> str:
        return self.values.get(own_key(wanted), "")

    def _by_place(self, part: str) -> dict[str, str]:
        """Return a part's values as the places in its text call them: by number, and by name."""
        wanted = self._of(part)
        numbered = {str(place): self._own(one) for place, one in enumerate(wanted, start=1)}
        return {**numbered, **{one.key: self._own(one) for one in wanted}}

    def _components(self) -> list[Json]:
        header = self._header_parameters()
        body = [_text(one, self._own(one)) for one in self._of("body")]
        return [
            *([{"type": "header", "parameters": header}] if header else ()),
            *([{"type": "body", "parameters": body}] if body else ()),
            *self._button_components(),
        ]

    def _header_parameters(self) -> list[Json]:
        wanted = self._of("header")
        if self.template.header not in MEDIA:
            return [_text(one, self._own(one)) for one in wanted]
        return [{"type": self.template.header.value, self.template.header.value: self._media()}]

    def _media(self) -> dict[str, str]:
        named = {ValueKind.LINK: "link", ValueKind.FILE_NAME: "filename"}
        pairs = ((named[one.kind], self._own(one)) for one in self._of("header"))
        return {name: value for name, value in pairs if value}

    def _button_components(self) -> list[Json]:
        found = []
        for index, button in enumerate(self.template.buttons):
            parameter = self._button_parameter(index, button)
            if parameter:
                kind = "copy_code" if button.kind is ButtonKind.COPY_CODE else "url"
                found.append(
                    {
                        "type": "button",
                        "sub_type": kind,
                        "index": str(index),
                        "parameters": [parameter],
                    }
                )
        return found

    def _button_parameter(self, index: int, button: Button) -> Json | None:
        if button.kind is ButtonKind.OTP:
            # WhatsApp wants the code twice: for the text, and for the button that copies it.
            return {"type": "text", "text": self._one_time_code()}
        wanted = next((one for one in self._of("button") if one.place == index), None)
        if wanted is None:
            return None
        value = self._own(wanted)
        if wanted.kind is ValueKind.COUPON:
            return {"type": "coupon_code", "coupon_code": value}
        return _text(wanted, value)

    def _one_time_code(self) -> str:
        return next((self._own(one) for one in self._of("body")), "")

    def _header_shown(self) -> dict[str, str]:
        kind = self.template.header
        if kind is HeaderKind.TEXT:
            return {
                "kind": kind.value,
                "text": filled(self.template.header_text, self._by_place("header")),
            }
        media = self._media()
        shown = {"kind": kind.value, "link": media.get("link", "")}
        return {**shown, "file_name": media["filename"]} if "filename" in media else shown

    def _button_shown(self, index: int, button: Button) -> dict[str, str]:
        wanted = next((one for one in self._of("button") if one.place == index), None)
        value = self._own(wanted) if wanted else ""
        target = shown_address(button.target, value)
        if button.kind is ButtonKind.COPY_CODE:
            target = value
        if button.kind is ButtonKind.OTP:
            target = self._one_time_code()
        said = {"kind": button.kind.value, "text": button.text, "target": target}
        return {name: value for name, value in said.items() if value}


def letter(
    phone: str, template: Registered, given: Mapping[str, Json], language: str = ""
) -> Letter:
    """Make the message. Raises PermanentFailure for values that WhatsApp would refuse."""
    # en-US is how the rest of the world writes what WhatsApp calls en_US.
    code = language.strip().replace("-", "_") or template.language
    return Letter(phone, template, code, checked(template, given))


def _text(wanted: Wanted, value: str) -> dict[str, str]:
    named = {"parameter_name": wanted.name} if wanted.name else {}
    return {"type": "text", **named, "text": value}
