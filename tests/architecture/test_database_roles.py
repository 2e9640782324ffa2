"""What the application's database role may not do. The live database is used as that role."""

import pytest
from django.db import ProgrammingError, connection

from tests.support.company import case
from workflows.definition.language import LANGUAGE_VERSION
from workflows.models.definition import WorkflowVersion

pytestmark = pytest.mark.worker


def refused(statement):
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_published_version_cannot_be_changed_or_deleted(live):
    company, _ = live
    company.publish(case("seed_new_order"))
    versions = WorkflowVersion.objects.filter(tenant=company.tenant)

    with pytest.raises(ProgrammingError, match="permission denied"):
        versions.update(program={})
    with pytest.raises(ProgrammingError, match="permission denied"):
        versions._raw_delete(using="default")

    assert versions.get().program["language_version"] == LANGUAGE_VERSION


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE of_mine (id int)",
        "DROP TABLE workflow_runs",
        "ALTER TABLE workflow_runs ADD COLUMN extra int",
        "TRUNCATE workflow_versions",
    ],
)
def test_the_application_cannot_change_tables(live, statement):
    refused(statement)
