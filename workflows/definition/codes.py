"""Every code a problem or an error of the language can carry.

The sentence for each stands in `presentation.documents.problems`; a test holds the two together.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """What is wrong, as a stable name: stored in runs, sent by the API, translated when shown."""

    # The document as a whole
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    WRONG_TYPE = "wrong_type"
    REQUIRED = "required"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROL_CHARACTERS = "control_characters"
    TOO_MANY = "too_many"
    TOO_FEW = "too_few"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_LANGUAGE = "unknown_language"
    OUT_OF_RANGE = "out_of_range"
    NOT_A_CHOICE = "not_a_choice"
    DUPLICATE = "duplicate"

    # Steps
    BAD_STEP_NAME = "bad_step_name"
    DUPLICATE_STEP_NAME = "duplicate_step_name"
    UNKNOWN_ACTION = "unknown_action"
    BAD_DURATION = "bad_duration"
    BAD_MOMENT = "bad_moment"
    BAD_CLOCK = "bad_clock"
    NOT_FOR_THIS_STEP = "not_for_this_step"
    UNREACHABLE_STEP = "unreachable_step"
    CHOOSE_ONE = "choose_one"
    NOT_TOGETHER = "not_together"
    NEEDS_OTHER = "needs_other"
    EMPTY_WINDOW = "empty_window"
    BAD_IDENTIFIER = "bad_identifier"
    NO_ITEM_TO_END = "no_item_to_end"
    CALLS_ITSELF = "calls_itself"
    UNKNOWN_ERROR_CODE = "unknown_error_code"
    BAD_APPROVER = "bad_approver"

    # Params
    MISSING_PARAM = "missing_param"
    UNKNOWN_PARAM = "unknown_param"
    BAD_PARAM = "bad_param"
    TEMPLATE_NOT_ALLOWED = "template_not_allowed"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_FIELD = "unknown_field"
    FIELD_NOT_WRITABLE = "field_not_writable"

    # Templates, when they are checked
    TEMPLATE_SYNTAX = "template_syntax"
    TEMPLATE_TOO_LONG = "template_too_long"
    UNKNOWN_FILTER = "unknown_filter"
    BAD_PATH = "bad_path"
    UNKNOWN_ROOT = "unknown_root"
    UNKNOWN_STEP = "unknown_step"
    LATER_STEP = "later_step"
    OTHER_BRANCH = "other_branch"
    INSIDE_BLOCK = "inside_block"
    UNKNOWN_STEP_PART = "unknown_step_part"
    UNKNOWN_STEP_ERROR_PART = "unknown_step_error_part"
    UNKNOWN_TRIGGER_FIELD = "unknown_trigger_field"
    UNKNOWN_OUTPUT_FIELD = "unknown_output_field"
    NO_ITEM_HERE = "no_item_here"
    UNKNOWN_ITEM_PART = "unknown_item_part"
    NO_ERROR_HERE = "no_error_here"
    UNKNOWN_ERROR_PART = "unknown_error_part"
    UNKNOWN_RUN_PART = "unknown_run_part"
    NOW_HAS_NO_PARTS = "now_has_no_parts"
    UNKNOWN_VALUE_PART = "unknown_value_part"
    UNKNOWN_VALUE = "unknown_value"
    UNKNOWN_TENANT_FIELD = "unknown_tenant_field"
    NOT_KNOWN_AT_START = "not_known_at_start"
    MAY_BE_MISSING = "may_be_missing"

    # Conditions, when they are checked
    BAD_CONDITION = "bad_condition"
    UNKNOWN_OPERATOR = "unknown_operator"
    OPERATOR_NEEDS_VALUE = "operator_needs_value"
    OPERATOR_TAKES_NO_VALUE = "operator_takes_no_value"
    OPERATOR_WANTS_LIST = "operator_wants_list"
    OPERATOR_WANTS_PAIR = "operator_wants_pair"
    OPERATOR_WANTS_DURATION = "operator_wants_duration"
    OPERATOR_WANTS_NUMBER = "operator_wants_number"
    OPERATOR_WANTS_DATE = "operator_wants_date"
    NEEDS_TRIGGER_FIELD = "needs_trigger_field"
    FILTER_TAKES_TRIGGER_ONLY = "filter_takes_trigger_only"
    SECRET_IN_STEP = "secret_in_step"  # noqa: S105 - it says that there is one
    FILTER_TAKES_NO_TEMPLATE = "filter_takes_no_template"

    # While a step is rendered or a condition decided
    MISSING_VALUE = "missing_value"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_DATE = "not_a_date"
    NOT_A_LIST = "not_a_list"
    NOT_TEXT = "not_text"
    NOT_COMPARABLE = "not_comparable"
    NOT_A_DURATION = "not_a_duration"
    NOT_A_PHONE = "not_a_phone"
    NOT_A_CURRENCY = "not_a_currency"
    NOT_A_VALUE = "not_a_value"
    DIVISION_BY_ZERO = "division_by_zero"
    BAD_FORMAT = "bad_format"
    BAD_FILTER_USE = "bad_filter_use"
    TEMPLATE_FAILED = "template_failed"
    LIMIT_REACHED = "limit_reached"
    TOO_MUCH_WORK = "too_much_work"
