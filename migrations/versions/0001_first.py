"""The first shape of the database, and the job library's own tables beside it."""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_HERE = Path(__file__).parent

# The library offers no removal script, so what it made is removed by name.
_JOBS_DOWN = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE f regprocedure;
BEGIN
    FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = current_schema() AND p.proname LIKE 'procrastinate\\_%' LOOP
        EXECUTE 'DROP FUNCTION ' || f || ' CASCADE';
    END LOOP;
END
$$;
DROP TYPE IF EXISTS procrastinate_job_to_defer_v1 CASCADE;
DROP TYPE procrastinate_job_event_type CASCADE;
DROP TYPE procrastinate_job_status CASCADE;
"""

_JOBS_GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
    procrastinate_workers TO bookingbridge_app;
GRANT SELECT ON alembic_version TO bookingbridge_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO bookingbridge_app;
"""


def _run(sql: str) -> None:
    # The driver's own cursor: these scripts hold colons and percent signs that are not parameters.
    connection = op.get_bind().connection.driver_connection
    connection.execute(sql)


def upgrade() -> None:
    _run((_HERE / "0001_first_up.sql").read_text(encoding="utf-8"))
    _run(SchemaManager.get_schema())
    _run(_JOBS_GRANTS)


def downgrade() -> None:
    _run(_JOBS_DOWN)
    _run((_HERE / "0001_first_down.sql").read_text(encoding="utf-8"))
