"""How a log line looks: JSON in production, one readable line elsewhere. Ids come as `extra`."""

import logging

import structlog

from workflows.presentation.redaction import mask_links


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Masks the tokens of links that decide: Django logs the address of a request it refuses."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_links(super().format(record))


def _formatter(renderer: structlog.types.Processor) -> logging.Formatter:
    before: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    return MaskingFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def json_formatter() -> logging.Formatter:
    return _formatter(structlog.processors.JSONRenderer())


def line_formatter() -> logging.Formatter:
    return _formatter(structlog.dev.ConsoleRenderer(colors=False))
