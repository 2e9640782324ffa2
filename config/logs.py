"""How a log line looks: JSON in production, one readable line elsewhere. Ids come as `extra`."""

import logging

import structlog


def _formatter(renderer: structlog.types.Processor) -> logging.Formatter:
    before: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def json_formatter() -> logging.Formatter:
    """One JSON object a line."""
    return _formatter(structlog.processors.JSONRenderer())


def line_formatter() -> logging.Formatter:
    """One line for a person."""
    return _formatter(structlog.dev.ConsoleRenderer(colors=False))
