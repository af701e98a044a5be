from nexapp.gateways.sms.codes import CODES, find_code

EXPECTED = {
    *(429, 20003, 20429, 20503),
    *(21211, 21212, 21214, 21217, 21219, 21265, 21408, 21601, 21602, 21606, 21608, 21610, 21611, 21612),
    *(21614, 21617, 30001, 30002, 30003, 30004, 30005, 30006, 30007, 30008, 30034, 63038),
}


def test_every_code_we_meet_is_in_the_table() -> None:
    assert CODES.keys() >= EXPECTED


def test_only_the_opt_out_code_opts_out() -> None:
    assert [code for code, meaning in CODES.items() if meaning.opts_out] == [21610]


def test_what_can_be_tried_again() -> None:
    passing = {code for code, meaning in CODES.items() if not meaning.permanent and not meaning.pauses}
    assert {429, 20429, 20503, 21611, 30001, 30003, 30008, 63038} <= passing
    assert passing.isdisjoint({21211, 21610, 21614, 30007})


def test_each_code_has_a_plain_sentence() -> None:
    for code, meaning in CODES.items():
        sentence = str(meaning.sentence)
        assert sentence[0].isupper(), code
        assert sentence.endswith("."), code
        assert "please" not in sentence.lower(), code


def test_an_unknown_code_is_not_guessed() -> None:
    assert find_code(99999) is None
    assert find_code(None) is None
