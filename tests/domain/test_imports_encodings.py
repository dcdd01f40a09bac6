"""From bytes to text: any usual encoding and delimiter; what cannot be read is refused in words."""

import csv
import gzip
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.domain.imports import FileRefused, Mapping, read_rows
from govapp.present.imports import problem_sentence, refusal_sentence


def mapping(**changes: Any) -> Mapping:
    return Mapping.from_dict(
        {
            "name": "Test",
            "source": "test",
            "encoding": "utf-8",
            "title": "Name",
            "key": "No",
            "remarks": ["Note"],
            **changes,
        }
    )


def file_of(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["No", "Name", "Note"], *rows])
    return out.getvalue()


CAST = [["1", "Brücke über den Fluß", "£5 – “ok”"], ["2", "Čeština", "a;b|c\td"]]


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("auto", "utf-8"),
        ("auto", "utf-8-sig"),
        ("auto", "utf-16"),
        ("auto", "utf-32"),
        ("utf-16-le", "utf-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_unicode_encoding_and_delimiter_gives_the_same_rows(
    stated: str, written: str, delimiter: str
) -> None:
    data = file_of(CAST, delimiter).encode(written)
    rows = list(read_rows(mapping(encoding=stated), data))
    assert [(row.key, row.name, row.remarks[0].text) for row in rows] == [tuple(row) for row in CAST]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Ünïcode – “€”"),
        ("latin-1", "Ünïcode £"),
        ("cp1250", "Čeština"),
        ("cp437", "Größe"),
        ("shift_jis", "日本語の計画"),
        ("gb18030", "计划"),
        ("cp1251", "План"),
        ("mac_roman", "Été"),
        ("iso8859-15", "5 €"),
    ],
)
def test_every_national_encoding_gives_its_own_letters(encoding: str, name: str) -> None:
    (row,) = read_rows(mapping(encoding=encoding), file_of([["1", name, ""]]).encode(encoding))
    assert row.name == name


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Mn"]),
            min_size=1,
            max_size=20,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_names_survive_quoting_encoding_and_blocks(names: list[str]) -> None:
    text = file_of([[str(number), name, ""] for number, name in enumerate(names)])
    for encoding in ("utf-8-sig", "utf-16"):
        data = text.encode(encoding)
        whole = list(read_rows(mapping(encoding="auto", delimiter="comma"), data))
        pieces = [data[start : start + 3] for start in range(0, len(data), 3)]
        assert list(read_rows(mapping(encoding="auto", delimiter="comma"), pieces)) == whole
        assert (
            list(read_rows(mapping(encoding="auto", delimiter="comma"), io.BytesIO(gzip.compress(data))))
            == whole
        )
        assert [row.key for row in whole] == [str(number) for number in range(len(names))]


UNDEFINED = b"No,Name,Note\r\n1,Quan\x9dtum,fine\r\n2,Sound,fine\r\n"


def test_undefined_bytes_refuse_their_row_and_no_other() -> None:
    one, two = read_rows(mapping(encoding="cp1252"), UNDEFINED)
    assert problem_sentence(one.problems[0]) == (
        "Row 2, “Name”, value “Quan�tum”: there are bytes the stated encoding does not define (0x9d); state "
        "what they stand for under undefined_bytes."
    )
    assert two.problems == ()


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("replace", "Quan�tum"),
        ("drop", "Quantum"),
        ("latin-1", "Quan\x9dtum"),
        ({0x9D: "”"}, "Quan”tum"),
        ({"0x9d": ""}, "Quantum"),
    ],
)
def test_undefined_bytes_follow_the_rule_and_leave_a_remark(rule: object, name: str) -> None:
    one, two = read_rows(mapping(encoding="cp1252", undefined_bytes=rule), UNDEFINED)
    assert (one.name, one.problems) == (name, ())
    first = one.remarks[0]
    assert (first.code, first.label, first.text) == ("replaced_bytes", "Name", "0x9d")
    assert [remark.code for remark in two.remarks] == ["kept"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-16-le", "shift_jis"])
def test_bytes_of_another_encoding_are_refused_row_by_row_never_garbled(encoding: str) -> None:
    data = file_of([["1", "AAAA", ""], ["2", "fine", ""]]).encode(encoding)
    odd = b"\x00\xdc" if encoding == "utf-16-le" else b"\xff"
    place = data.index("AAAA".encode(encoding))
    rows = list(read_rows(mapping(encoding=encoding), data[:place] + odd + data[place:]))
    assert [problem.code for problem in rows[0].problems] == ["undefined_bytes"]
    assert rows[1].problems == ()


def test_a_mark_that_contradicts_the_mapping_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(encoding="cp1252", delimiter="comma"), "\ufeffNo,Name,Note".encode())
    assert (
        refusal_sentence(refused.value)
        == "The file begins with the mark of utf-8, while the mapping says cp1252."
    )


def test_utf_16_without_a_mark_must_say_which_byte_comes_first() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(encoding="utf-16"), file_of(CAST).encode("utf-16-le"))
    assert "state utf-16-le or utf-16-be" in refusal_sentence(refused.value)


def test_utf_16_read_as_another_encoding_is_told_as_such() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(encoding="cp1252", delimiter="comma"), file_of(CAST).encode("utf-16-le"))
    assert "probably UTF-16" in refusal_sentence(refused.value)


@pytest.mark.parametrize("data", [b"", b"\r\n \r\n", []])
def test_an_empty_file_is_refused(data: Any) -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(), data)
    assert refusal_sentence(refused.value) == "The file is empty."


def test_a_file_that_ends_before_its_header_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(header_row=9, delimiter="comma"), file_of(CAST).encode())
    assert "ends before row 9" in refusal_sentence(refused.value)


def test_a_damaged_gzip_file_is_refused() -> None:
    data = gzip.compress(file_of(CAST * 200).encode())
    for broken in (data[:-20], data[:30] + b"\0\0\0\0" + data[34:]):
        with pytest.raises(FileRefused) as refused:
            list(read_rows(mapping(), broken))
        assert refusal_sentence(refused.value) == "The packed file is damaged or cut off."


def test_a_delimiter_that_cannot_be_found_is_asked_for() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(), b"No:Name:Note\n1:a:b\n")
    assert "state the delimiter" in refusal_sentence(refused.value)
    assert next(iter(read_rows(mapping(delimiter=":"), b"No:Name:Note\n1:a:b\n"))).name == "a"


def test_with_an_unstated_delimiter_a_missing_column_is_still_told_by_name() -> None:
    with pytest.raises(FileRefused) as refused:
        read_rows(mapping(remarks=["Gone"]), file_of(CAST, ";").encode())
    assert "“Gone”" in refusal_sentence(refused.value)
    assert "“No”, “Name”, “Note”" in refusal_sentence(refused.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_known(end: str) -> None:
    data = end.join(["No,Name,Note", "1,a\u2028b,x\x85y", "2,c,"]).encode()
    rows = list(read_rows(mapping(), data))
    assert [(row.number, row.key, row.problems) for row in rows] == [(2, "1", ()), (3, "2", ())]


def test_control_characters_are_left_out_with_a_remark() -> None:
    (row,) = read_rows(mapping(), b"No,Name,Note\n1,a\x07b,\n")
    assert (row.name, row.problems) == ("ab", ())
    assert [(remark.code, remark.text) for remark in row.remarks] == [("control_characters", "U+0007")]


def test_a_file_without_quotes_may_hold_quotation_marks_anywhere() -> None:
    data = b'No\tName\tNote\n1\t"half a quote\t5" pipe\n'
    (row,) = read_rows(mapping(quotechar="none"), data)
    assert (row.name, row.remarks[0].text) == ('"half a quote', '5" pipe')


def test_a_cell_beyond_all_measure_refuses_its_row() -> None:
    rows = list(read_rows(mapping(delimiter="comma"), b"No,Name,Note\n1,a," + b"x" * 140_000 + b"\n2,b,\n"))
    assert "longer than 131,072 characters" in problem_sentence(rows[0].problems[0])
    assert rows[1].name == "b"


@given(st.binary(max_size=300))
def test_no_bytes_ever_break_the_reader(data: bytes) -> None:
    for encoding in ("utf-8", "cp1252", "utf-16", "auto"):
        for orientation in ("rows", "columns"):
            try:
                for row in read_rows(
                    mapping(encoding=encoding, orientation=orientation), b"No,Name,Note\n" + data
                ):
                    assert all(problem_sentence(problem) for problem in row.problems)
            except FileRefused as refused:
                assert "(" not in refusal_sentence(refused).split(":", maxsplit=1)[0]
