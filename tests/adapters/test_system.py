from partnerdesk.adapters.system import FIRST_PAUSE, pause


def test_pauses_differ_and_may_be_longer_after_every_try():
    """Two that met each other must not repeat in step."""
    for tries in range(1, 6):
        slept = []
        for _ in range(50):
            pause(tries, sleep=slept.append)
        assert len(set(slept)) > 1
        assert all(0 <= seconds <= FIRST_PAUSE * 2**tries for seconds in slept)
