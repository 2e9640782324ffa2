"""What the application's database role may do. Migrations run as the owner; the rest does not."""

from typing import Any, Final

from django.conf import settings
from django.db import connections

GRANTS: Final = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""
REVOKED: Final = {
    # A published version never changes: runs in flight and the history rest on it.
    "workflow_versions": "REVOKE UPDATE, DELETE, TRUNCATE ON workflow_versions FROM {role}",
    # Nor does what a run has done; it goes with the run.
    "workflow_run_history": "REVOKE UPDATE, TRUNCATE ON workflow_run_history FROM {role}",
}


def grant_to_application(using: str, **_kwargs: Any) -> None:
    """After migrations: let the application's role in, if this server has one."""
    role: str = settings.SAYR_APPLICATION_ROLE
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user <> %s FROM pg_roles WHERE rolname = %s", [role, role])
        found = cursor.fetchone()
        if not (found and found[0]):
            return
        quoted = connections[using].ops.quote_name(role)
        cursor.execute(GRANTS.format(role=quoted))
        for table, statement in REVOKED.items():
            # Someone may have migrated to an earlier state, which has not all of them.
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
            if cursor.fetchone() == (True,):
                cursor.execute(statement.format(role=quoted))
