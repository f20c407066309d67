import pytest

from app.auth import tokens


def test_a_token_has_its_prefix_its_length_and_a_right_checksum() -> None:
    text = tokens.mint()
    assert text.startswith("pchb_pat_")
    assert len(text) == 9 + 33 + 6
    assert tokens.is_well_formed(text)


def test_a_token_of_known_randomness_is_known() -> None:
    """Tokens that people hold must go on to be tokens: the form is fixed."""
    assert tokens.mint(lambda bits: 0) == "pchb_pat_0000000000000000000000000000000002MEoc8"
    assert tokens.mint(lambda bits: (1 << bits) - 1) == "pchb_pat_2lFA6LboL2xx0ldQH2K1TdSrwuqMMiME330b07V"


@pytest.mark.parametrize("position", [9, 20, 41, 42, 47])
def test_one_wrong_character_is_seen_without_asking_the_database(position: int) -> None:
    text = tokens.mint()
    wrong = "a" if text[position] != "a" else "b"
    assert not tokens.is_well_formed(text[:position] + wrong + text[position + 1 :])


@pytest.mark.parametrize("text", ["", "pchb_pat_", "x" * 48, "pchb_pat_é", "pchb_pat_" + "0" * 39])
def test_what_is_no_token_is_not_well_formed(text: str) -> None:
    assert not tokens.is_well_formed(text)
