"""How does a plain function run on a topic, at least once?"""

import asyncio

from stream.shell.app import _call_soon


def test_a_second_signal_after_the_loop_has_ended_is_no_error() -> None:
    loop = asyncio.new_event_loop()
    woken: list[str] = []
    _call_soon(loop, lambda: woken.append("while it runs"))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    _call_soon(loop, lambda: woken.append("after its end"))
    assert woken == ["while it runs"]
