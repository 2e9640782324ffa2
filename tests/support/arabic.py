"""What is left of English on an Arabic page."""

import re
from html.parser import HTMLParser

# What has no other name in Arabic, or is written so by everybody who works with it.
NAMES = frozenset(
    (
        *("Sayr", "JSON", "API", "HTTP", "HTTPS", "HTML", "SMTP", "TLS", "STARTTLS", "URL", "cron"),
        *("Slack", "Teams", "Microsoft", "Meta", "Cloud", "Webhook", "Liquid", "UTC"),
        # Examples of what is typed, and of what other services call it.
        *("Authorization", "Bearer", "JAN", "DEC", "SUN", "SAT", "Shift"),
    )
)
# An address, an id, a path: what holds one of these signs between letters is no word.
CODE = re.compile(r"[\w.+/:@={}\"'-]*[\w}\"][@_/.:=-]+[\w{\"/][\w.+/:@={}\"'-]*", re.ASCII)
WORD = re.compile(r"[A-Za-z]{2,}")
READ_OUT = ("title", "aria-label", "placeholder", "alt")
# What people or programs have written, and what is not shown.
OTHERS = {"bdi", "code", "pre", "textarea", "script", "style", "svg", "template", "time"}
EMPTY = {"br", "img", "input", "meta", "link", "hr", "col", "source", "wbr", "area", "base"}


class ArabicPage(HTMLParser):
    """The texts that the product itself has written on a page, and where the page leads."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.language, self.direction = "", ""
        self.texts, self.links = [], []
        self._open = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language, self.direction = given.get("lang"), given.get("dir")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        is_others = tag in OTHERS or (tag != "html" and given.get("dir") in {"ltr", "auto"})
        if not self._is_others() and (tag == "input" or not is_others):
            self.texts += [given[name] for name in READ_OUT if given.get(name)]
            if given.get("type") in {"submit", "button", "reset"} and tag == "input":
                self.texts.append(given.get("value", ""))
        if tag not in EMPTY:
            self._open.append((tag, is_others))

    def handle_endtag(self, tag):
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data):
        if data.strip() and not self._is_others():
            self.texts.append(" ".join(data.split()))

    def english(self, known=()):
        """Return the texts in which there are English words that are neither names nor `known`."""
        allowed = {word.lower() for word in (*NAMES, *known)}
        return [
            text
            for text in dict.fromkeys(self.texts)
            if any(word.lower() not in allowed for word in WORD.findall(CODE.sub(" ", text)))
        ]

    def _is_others(self):
        return any(is_others for _tag, is_others in self._open)
