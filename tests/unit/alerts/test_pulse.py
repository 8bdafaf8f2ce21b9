from alerts.worker import Pulse


def test_one_loop_does_not_speak_for_another() -> None:
    signs: list[int] = []
    pulse = Pulse(frozenset({"intake", "sender"}), lambda: signs.append(1))
    for _ in range(5):
        pulse.beat("sender")
    assert signs == []
    pulse.beat("intake")
    assert signs == [1]


def test_each_round_needs_every_loop_again() -> None:
    signs: list[int] = []
    pulse = Pulse(frozenset({"intake", "sender"}), lambda: signs.append(1))
    for loop in ("sender", "intake", "intake", "sender", "intake"):
        pulse.beat(loop)
    assert len(signs) == 2
