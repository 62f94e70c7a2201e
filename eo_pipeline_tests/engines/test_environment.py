"""Variables are set while work is done, and put back; secrets stay inside."""

import os
import pickle
import threading
import time

import pytest

from eo_pipeline.engines import Environment
from eo_pipeline.engines.calls import packed, perform
from eo_pipeline_tests.engines import work

BLUE = Environment({work.COLOUR: "blue"}, {work.TOKEN: "t0ken-of-blue"})
RED = Environment({work.COLOUR: "red"})


def test_what_was_there_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(work.COLOUR, "grey")
    monkeypatch.delenv(work.TOKEN, raising=False)
    with BLUE.applied():
        assert (os.environ[work.COLOUR], os.environ[work.TOKEN]) == ("blue", "t0ken-of-blue")
    assert os.environ[work.COLOUR] == "grey"
    with pytest.raises(ZeroDivisionError), RED.applied():
        work.halves(0)
    assert os.environ[work.COLOUR] == "grey"
    assert work.TOKEN not in os.environ


def test_the_same_is_shared_and_another_waits() -> None:
    seen: list[tuple[str, float]] = []

    def hold(environment: Environment, seconds: float) -> None:
        with environment.applied():
            seen.append((os.environ[work.COLOUR], time.monotonic()))
            time.sleep(seconds)
            seen.append((os.environ[work.COLOUR], time.monotonic()))

    threads = [threading.Thread(target=hold, args=(one, 0.3)) for one in (BLUE, BLUE, RED)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert [colour for colour, _ in seen] == ["blue"] * 4 + ["red"] * 2
    assert seen[1][1] < seen[3][1] <= seen[4][1]
    assert work.COLOUR not in os.environ


def test_secrets_are_shown_nowhere() -> None:
    call = packed(work.blurt, 1, Environment({}, {work.TOKEN: "t0ken-of-blue"}))
    answer = perform(call)
    error = answer.unpickled()
    assert str(error) == "PermissionError: token *** was refused"
    assert "t0ken" not in repr(call) + repr(answer) + repr(BLUE) + "".join(error.__notes__)
    assert b"t0ken" not in answer.value
    assert b"t0ken" in pickle.dumps(call)


def test_a_short_secret_does_not_spoil_texts() -> None:
    assert Environment({}, {"PORT": "80"}).scrubbed("port 80 is closed") == "port 80 is closed"
