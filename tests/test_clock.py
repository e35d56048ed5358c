"""Time on the wire, and moving it for tests."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cms import clock

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def test_now_is_aware_and_cut_to_the_millisecond() -> None:
    moment = clock.now()
    assert moment.tzinfo is UTC
    assert moment.microsecond % 1000 == 0
    assert timedelta(0) <= datetime.now(UTC) - moment < timedelta(seconds=5)


def test_a_moment_is_cut_and_never_rounded_up() -> None:
    assert clock.to_millisecond(NOON.replace(microsecond=999_999)) == NOON.replace(microsecond=999_000)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-03-03T12:00:00.000Z"),
        (NOON.replace(microsecond=120_000), "2026-03-03T12:00:00.120Z"),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-03-03T12:00:00.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (clock.FOREVER, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_moment_goes_to_the_wire_and_back(moment: datetime, text: str) -> None:
    assert clock.to_wire(moment) == text
    assert clock.from_wire(text) == moment


def test_the_text_sorts_as_time_does() -> None:
    moments = [NOON + timedelta(milliseconds=step) for step in (-(10**12), -1, 0, 1, 999, 1000, 10**12)]
    assert sorted(map(clock.to_wire, moments)) == [clock.to_wire(each) for each in sorted(moments)]


def test_the_clock_is_moved_for_a_while() -> None:
    assert clock.offset_seconds() == 0
    with clock.moved(timedelta(days=1)):
        assert clock.now() - datetime.now(UTC) > timedelta(hours=23)
        with clock.moved(timedelta(days=-3)):
            assert clock.offset_seconds() == -2 * 86400
        assert clock.offset_seconds() == 86400
    assert clock.offset_seconds() == 0


def test_the_clock_is_put_back_when_the_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), clock.moved(timedelta(days=1)):
        raise ZeroDivisionError
    assert clock.offset_seconds() == 0
