"""The clock: now, or the time that somebody fixed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from nes_tasks.clock import now, timestamp
from nes_tasks.errors import SettingsError


def test_it_is_the_time_of_the_machine_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    before = datetime.now(UTC)
    moment = now()
    assert before <= moment <= datetime.now(UTC)
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("fixed", "moment"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1770091506", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("1770091506.25", datetime(2026, 2, 3, 4, 5, 6, 250_000, tzinfo=UTC)),
        ("-86400", datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_it_can_be_fixed(monkeypatch: pytest.MonkeyPatch, fixed: str, moment: datetime) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", fixed)
    assert now() == moment


def test_an_empty_variable_fixes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert now() >= datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("fixed", ["yesterday", "2026-02-03", "nan", "inf", "-inf", "1e30", "0x10"])
def test_what_is_no_number_of_seconds_is_refused(
    monkeypatch: pytest.MonkeyPatch, fixed: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", fixed)
    with pytest.raises(SettingsError, match="not a number of seconds") as raised:
        now()
    assert fixed in raised.value.message
    assert raised.value.exit_code == 2


def test_the_text_of_a_moment_is_that_of_all_files() -> None:
    assert timestamp(datetime(2026, 1, 31, 6, 15, 9, 123456, tzinfo=UTC)) == (
        "2026-01-31T06:15:09.123456Z"
    )
    assert timestamp(datetime(2026, 1, 31, 6, 15, 9, tzinfo=UTC)) == "2026-01-31T06:15:09Z"
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert timestamp(datetime(2026, 1, 31, 12, 0, 9, tzinfo=kathmandu)) == "2026-01-31T06:15:09Z"
