import pytest

from app.auth import tokens


def test_a_token_has_a_prefix_a_fixed_length_and_a_checksum() -> None:
    text = tokens.mint()
    assert text.startswith("pchb_pat_")
    assert len(text) == 9 + 33 + 6
    assert tokens.is_well_formed(text)


def test_the_form_of_a_token_is_fixed() -> None:
    """Issued tokens must stay well-formed in later versions."""
    assert tokens.mint(lambda bits: 0) == "pchb_pat_0000000000000000000000000000000002MEoc8"
    assert tokens.mint(lambda bits: (1 << bits) - 1) == "pchb_pat_2lFA6LboL2xx0ldQH2K1TdSrwuqMMiME330b07V"


@pytest.mark.parametrize("position", [9, 20, 41, 42, 47])
def test_one_wrong_character_breaks_the_checksum(position: int) -> None:
    text = tokens.mint()
    wrong = "a" if text[position] != "a" else "b"
    assert not tokens.is_well_formed(text[:position] + wrong + text[position + 1 :])


@pytest.mark.parametrize("text", ["", "pchb_pat_", "x" * 48, "pchb_pat_é", "pchb_pat_" + "0" * 39])
def test_other_text_is_not_well_formed(text: str) -> None:
    assert not tokens.is_well_formed(text)
