"""Which message ended this process last time?"""

import os
from pathlib import Path

import pytest

from stream.shell.crashes import CrashNotes, Note, conclude

LOG = "cluster-id/articles"


def die(path: Path, *places: tuple[int, int], stacks: str = "") -> None:
    """A process that reads the note, begins to work, and is gone without another word."""
    child = os.fork()
    if child == 0:
        with CrashNotes(path, patience=60, log=LOG).working(places):
            path.with_suffix(".stacks").write_text(stacks)
            os._exit(1)
    os.waitpid(child, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "annotate-1.note"


def test_a_first_start_suspects_nobody(path: Path) -> None:
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.suspects == 0
        assert notes.blame(0, 0) is None


def test_a_stop_between_batches_suspects_nobody(path: Path) -> None:
    with CrashNotes(path, patience=60, log=LOG) as notes, notes.working([(0, 1), (0, 2)]):
        pass
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.suspects == 0


def test_a_stop_within_a_batch_suspects_all_of_it(path: Path) -> None:
    die(path, (0, 7), (0, 8), (3, 40))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert [notes.suspected(*place) for place in ((0, 7), (0, 8), (3, 40))] == [True] * 3
        assert [notes.suspected(*place) for place in ((0, 6), (0, 9), (3, 41), (1, 7))] == [False] * 4
        assert notes.blame(0, 7) is None


def test_the_second_stop_at_the_same_message_blames_it(path: Path) -> None:
    die(path, (0, 7), (0, 8))
    die(path, (0, 8))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        blame = notes.blame(0, 8)
        assert blame is not None
        assert blame.reason == "crashed"
        assert notes.blame(0, 7) is None


def test_a_lone_message_is_given_a_second_chance(path: Path) -> None:
    die(path, (0, 8))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.suspected(0, 8)
        assert notes.blame(0, 8) is None
    die(path, (0, 8))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.blame(0, 8) is not None


def test_a_process_that_wrote_its_stacks_was_hung(path: Path) -> None:
    die(path, (0, 8))
    die(path, (0, 8), stacks="Timeout (0:00:10)! Thread ... in decide")
    with CrashNotes(path, patience=60, log=LOG) as notes:
        blame = notes.blame(0, 8)
        assert blame is not None
        assert blame.reason == "hung"
        assert "in decide" in blame.detail


def test_blame_outlives_another_stop_until_it_is_settled(path: Path) -> None:
    die(path, (0, 8))
    die(path, (0, 8))
    die(path, (5, 1))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.blame(0, 8) is not None
        notes.settled(0, 9)
        assert notes.blame(0, 8) is None
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.blame(0, 8) is None
        assert notes.suspected(5, 1)


def test_a_message_of_another_log_is_not_blamed_for_its_number(path: Path) -> None:
    die(path, (0, 8))
    die(path, (0, 8))
    with CrashNotes(path, patience=60, log="another-cluster/articles") as notes:
        assert notes.blame(0, 8) is None
        assert notes.suspects == 0


def test_what_is_committed_is_suspected_no_more(path: Path) -> None:
    die(path, (0, 7), (0, 8), (0, 9))
    with CrashNotes(path, patience=60, log=LOG) as notes:
        notes.settled(0, 9)
        assert [notes.suspected(0, offset) for offset in (7, 8, 9)] == [False, False, True]
        notes.settled(0, 10)
        assert notes.suspects == 0


def test_an_unreadable_note_is_no_reason_not_to_start(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"\x00garbage")
    with CrashNotes(path, patience=60, log=LOG) as notes:
        assert notes.suspects == 0


def test_two_messages_at_once_are_never_blamed() -> None:
    note = Note(working={0: (7, 8)}, alone=False, suspects={0: (7, 8)})
    assert conclude(note, "") == Note(suspects={0: (7, 8)})
