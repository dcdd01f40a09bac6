"""The two reports as files: sound, tagged, the same again, closed to the outside, and complete."""

import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdf
import pytest

from govapp.reports import _engine
from govapp.reports import dossier_data as d
from govapp.reports._long import forget_left_behind
from govapp.reports.branch import branch_page, render_branch
from govapp.reports.dossier import dossier_page, render_dossier
from govapp.reports.paper import RenderedPdf, RenderError
from tests.reports.sample_reports import AS_OF, HEAD, STAGES, sample_branch, sample_dossier

CHARTS = ("Gate funnel.", "Milestone plan.", "Waterfall.", "Curves by month:")


@pytest.fixture(scope="module")
def dossier() -> RenderedPdf:
    return render_dossier(sample_dossier())


@pytest.fixture(scope="module")
def branch() -> RenderedPdf:
    return render_branch(sample_branch())


@pytest.fixture(params=["dossier", "branch"])
def report(request: pytest.FixtureRequest) -> RenderedPdf:
    rendered = request.getfixturevalue(request.param)
    assert isinstance(rendered, RenderedPdf)
    return rendered


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A listener on this machine, and what has been asked of it."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    seen.append(connection.recv(200))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], seen
        done.set()
        thread.join()


def pages_of(report: RenderedPdf) -> list[str]:
    """The text of every page."""
    pages = pypdf.PdfReader(io.BytesIO(report.data)).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def text_of(report: RenderedPdf) -> str:
    return " ".join(pages_of(report))


def test_r43_qpdf_finds_nothing_wrong(report: RenderedPdf, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(report.data)
    done = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_r43_tagged_with_title_and_language_and_nothing_inside(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        assert pdf.Root.Lang == "en"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert pdf.Root.StructTreeRoot.K[0].S == "/Document"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        assert str(pdf.docinfo["/Title"]).startswith(("Measure dossier · M-132", "Branch report · IT"))
        assert len(pdf.attachments) == 0
        assert "/JavaScript" not in pdf.Root.get("/Names", {})
        assert "/OpenAction" not in pdf.Root
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        assert len(pdf.pages) == report.pages


def test_r43_heads_of_tables_are_tagged_with_their_scope(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        heads = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/TH"]
        assert heads
        assert {str(head.A.Scope) for head in heads} <= {"/Column", "/Row"}


def elements_of(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Dictionary, str]]:
    """Every element of the tag tree in reading order: its type, itself, the type of its parent."""

    def below(element: pikepdf.Object, parent: str) -> Iterator[tuple[str, pikepdf.Dictionary, str]]:
        assert isinstance(element, pikepdf.Dictionary)
        kind = str(element.S)
        yield kind, element, parent
        kids = element.get("/K", ())
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                yield from below(kid, kind)

    yield from below(pdf.Root.StructTreeRoot.K[0], "")


def test_r43_headings_follow_each_other_without_a_gap(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        levels = [int(kind[2:]) for kind, _, _ in elements_of(pdf) if kind[:2] == "/H" and kind[2:].isdigit()]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= before + 1 for before, later in pairwise(levels))


def test_r43_rows_of_a_table_have_equally_many_cells_and_a_head(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        tables = [element for kind, element, _ in elements_of(pdf) if kind == "/Table"]
        assert tables
        for table in tables:
            rows = [element for kind, element, _ in elements_below(table) if kind == "/TR"]
            assert len({sum(map(columns_of, row.K)) for row in rows}) == 1
            assert any(kind == "/TH" for kind, _, _ in elements_below(table))


def elements_below(element: pikepdf.Dictionary) -> list[tuple[str, pikepdf.Dictionary, str]]:
    found: list[tuple[str, pikepdf.Dictionary, str]] = []
    kids = element.get("/K", ())
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [(str(kid.S), kid, str(element.S)), *elements_below(kid)]
    return found


def columns_of(cell: pikepdf.Dictionary) -> int:
    about = cell.get("/A")
    return int(about.get("/ColSpan", 1)) if isinstance(about, pikepdf.Dictionary) else 1


def test_r43_charts_have_their_figures_as_text_and_links_a_description(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        texts = [str(element.get("/Alt", "")) for kind, element, _ in elements_of(pdf) if kind == "/Figure"]
        assert texts and all(text.startswith(CHARTS) for text in texts)
        assert not [parent for kind, _, parent in elements_of(pdf) if kind == parent == "/Caption"]
        for page in pdf.pages:
            assert page.obj.Tabs == "/S"
            for annotation in page.obj.get("/Annots", ()):
                assert annotation.Subtype == "/Link" and "/StructParent" in annotation and annotation.Contents


def test_r43_all_that_is_painted_is_in_the_tree_or_said_to_be_decoration(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        assert_tree_is_whole(pdf)
        for page in pdf.pages:
            depth = 0
            for instruction in pikepdf.parse_content_stream(page):
                operator = str(instruction.operator)
                depth += {"BDC": 1, "BMC": 1, "EMC": -1}.get(operator, 0)
                assert depth or operator not in {"Tj", "TJ", "Do", "sh"}, "text outside of marked content"


def test_r43_bookmarks_lead_to_every_section(report: RenderedPdf) -> None:
    with pikepdf.open(io.BytesIO(report.data)) as pdf, pdf.open_outline() as outline:
        titles = [item.title for item in outline.root]
    assert "Verification" in titles and titles[-2] in {"All measures", "History", "What waits for whom"}


def test_r43_same_data_gives_same_bytes(report: RenderedPdf, dossier: RenderedPdf) -> None:
    again = render_dossier(sample_dossier()) if report is dossier else render_branch(sample_branch())
    assert again == report


def test_r43_every_foot_carries_as_of_content_hash_log_head_and_page(report: RenderedPdf) -> None:
    for number, text in enumerate(pages_of(report), start=1):
        assert "As of 31 Oct 2026, 19:00:00 CET" in text
        assert f"content {report.content_hash[:8]}…{report.content_hash[-4:]}" in text
        assert f"log 48,211, {HEAD.mac[:8]}" in text
        assert f"Page {number} of {report.pages}" in text
    assert report.content_hash in text_of(report).replace(" ", "")
    assert HEAD.mac in text_of(report).replace(" ", "")


def test_the_dossier_holds_everything_on_record(dossier: RenderedPdf) -> None:
    text = text_of(dossier)
    for words in (
        "Waits for business acceptance",
        "▲ at risk · Survey came 9 working days late",
        "Review 2311 into Detailed: sent back on",
        "The one-off cost has no source.",
        "Lars Ström for Kwame Mensah",
        "I have reviewed the technical evidence.",
        "1 of 3 criteria not met",
        "−340,000.00",
        "2 of 7 milestones reached",
        "■ open, blocking",
        "Asbestos survey 13, revision 1",
        "Move into Decided refused: budget source is missing",
        "Ελένη Παπαδοπούλου",
        "Владимир Греков",
        "Confirmed at closing on 31 Oct 2026",
        "6 rows of the ledger, newest first",
        "taken back by 2",
        "Version 2, frozen on 30 Sep 2026",
    ):
        assert words in text, words


def test_the_branch_report_says_what_waits_for_whom(branch: RenderedPdf) -> None:
    text = text_of(branch)
    for words in (
        "Figures cover only what you may read",
        "The largest value is in Identified",
        "What waits for whom",
        "Agnieszka Kowalska · 2",
        "M-118",
        "All measures",
        "M-159",
        "■ off track",
    ):
        assert words in text, words


def test_the_head_of_a_table_repeats_on_the_next_page(branch: RenderedPdf) -> None:
    tables = [page for page in pages_of(branch) if "Owner" in page and "Pot." in page]
    assert len(tables) >= 3


def test_an_empty_measure_and_an_empty_branch_are_still_reports() -> None:
    bare = render_dossier(d.DossierData("M-1", "T", "O", "B", "", "proposed", "", AS_OF, "", HEAD))
    assert "No evidence has been submitted." in text_of(bare)
    assert bare.pages == 1
    empty = render_branch(sample_branch(0, stages=(), waits=(), partial=False, money=None))
    assert "No measure is on the board of this branch" in text_of(empty)
    assert empty.pages == 1


def test_sections_the_reader_may_not_see_are_not_said_to_be_empty() -> None:
    data = sample_dossier(0, 1, effects=(), values=(), reviews=(), conditions=(), risks=())
    text = text_of(render_dossier(replace(data, unseen=("evidence", "finance", "reviews"))))
    assert "may not read: evidence, money, approvals" in text
    assert "No risk has been entered." in text
    for words in ("No evidence", "No effect line", "No review", "no value a year"):
        assert words not in text


def test_returned_evidence_says_why_and_a_stale_vote_that_it_is_stale() -> None:
    piece = replace(sample_dossier().evidence[0], state="returned", judged_reason="The invoice is not ours.")
    text = text_of(render_dossier(sample_dossier(1, 1, evidence=(piece,))))
    assert "■ returned: The invoice is not ours." in text
    assert "○ approved, stale" in text


def test_a_branch_report_names_stages_and_leaves_out_columns_without_content() -> None:
    text = text_of(render_branch(sample_branch(30)))
    assert "Decided · 5 measures" in text and "All stages · 30 measures" in text
    bare = tuple(
        replace(m, owner="", implementation="none", potential="none", values=(), waits=(), branch="")
        for m in sample_branch(5).measures
    )
    text = text_of(render_branch(sample_branch(5, measures=bare, waits=())))
    for head in ("Owner", "Impl.", "Pot.", "Value a year", "Branch Owner"):
        assert head not in text


@pytest.mark.parametrize("count", [410, 900])
def test_b10_a_long_table_is_joined_into_one_tagged_file(count: int, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    report = render_branch(sample_branch(count), lambda *step: steps.append(step))
    again = render_branch(sample_branch(count))
    assert again.data == report.data
    (tmp_path / "long.pdf").write_bytes(report.data)
    subprocess.run(["qpdf", "--check", str(tmp_path / "long.pdf")], check=True, capture_output=True)
    pages = pages_of(report)
    assert len(pages) == report.pages
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {report.pages}" in page
    table = next(n for n, page in enumerate(pages) if "By stage, then by number" in page)
    assert all("All measures" in page for page in pages[table:]), "also where a part begins"
    whole = " ".join(pages)
    assert all(f"M-{100 + n} " in whole for n in range(count))
    assert steps[0] == ("collecting", count, count)
    assert steps[-1] == ("ready", report.pages, report.pages)
    with pikepdf.open(io.BytesIO(report.data)) as pdf:
        assert_tree_is_whole(pdf)
        with pdf.open_outline() as outline:
            assert [item.title for item in outline.root].count("All measures") == 1
            (stages,) = (item.children for item in outline.root if item.title == "All measures")
            assert [item.title for item in stages] == list(STAGES)


def assert_tree_is_whole(pdf: pikepdf.Pdf) -> None:
    """Every marked piece of every page hangs in the tree, on its own page, exactly once."""
    nums = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    parents = {int(key): value for key, value in zip(nums[0::2], nums[1::2], strict=True)}
    seen = set()
    for page in pdf.pages:
        key = int(page.obj.StructParents)
        assert key not in seen
        seen.add(key)
        for mcid, parent in enumerate(parents[key]):
            if isinstance(parent, pikepdf.Dictionary):
                assert mcid in [kid for kid in list(parent.K) if not isinstance(kid, pikepdf.Object)]
                assert parent.Pg.objgen == page.obj.objgen


def test_what_a_killed_process_left_is_removed_and_what_is_at_work_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, at_work, other = (tmp_path / name for name in ("govapp-report-a", "govapp-report-b", "else"))
    for folder in (left, at_work, other):
        folder.mkdir()
        (folder / "0.html").write_text("what it was about to say")
    for folder in (left, other):
        os.utime(folder, (0, 0))
    forget_left_behind()
    assert (left.exists(), at_work.exists(), other.exists()) == (False, True, True)


def test_progress_counts_the_pages_up() -> None:
    steps: list[tuple[str, int, int]] = []
    report = render_dossier(sample_dossier(3, 10), lambda *step: steps.append(step))
    pages = [done for phase, done, _ in steps if phase == "laying_out"]
    assert pages == list(range(1, report.pages + 1))


def test_r38_nothing_outside_is_fetched_or_embedded(
    listener: tuple[int, list[bytes]], tmp_path: Path
) -> None:
    port, seen = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the house")
    there, file = f"http://127.0.0.1:{port}", secret.as_uri()
    for where in (there, file):
        data, _ = _engine.lay_out(
            f"""<html lang="en"><title>t</title><link rel="stylesheet" href="{where}/a.css">
            <link rel="attachment" href="{where}"><style>@import url("{where}/b.css");
            @font-face {{ font-family: x; src: url("{where}/f.woff") }}
            body {{ background: url("{where}/c.png") }}
            @page {{ background: url({where}/d.png) }}</style><body><img src="{where}/e.png">
            <object data="{where}/f.svg"></object>
            <embed src="{where}/g.svg"><svg><image href="{where}/h.png"/></svg>
            <a rel="attachment" href="{where}">x</a><p style="font-family: x">text</p>"""
        )
        assert b"the secret of the house" not in data
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert len(pdf.attachments) == 0
    assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname",
        "http://127.0.0.1:9/",
        "ftp://127.0.0.1/",
        "bundled:other",
        "bundled:../print.css",
    ],
)
def test_r38_the_fetcher_refuses(url: str) -> None:
    with pytest.raises(ValueError, match=r"disallowed|absolute"):
        _engine.make_fetcher().fetch(url)


def test_r39_deep_nesting_is_refused_in_words() -> None:
    with pytest.raises(RenderError, match="nested too deeply"):
        _engine.lay_out("<html lang=en><title>t</title><body>" + "<div>" * 3000 + "x")


def test_r39_markup_and_endless_text_in_the_record_are_only_text() -> None:
    evil = "<div>" * 300 + "<script>alert(1)</script><img src=file:///etc/passwd>"
    piece = sample_dossier().evidence[0]
    values = (d.Fact("Nested", evil), d.Fact("Word", "x" * 10_000), d.Fact("Long", "many words " * 900))
    data = sample_dossier(1, 3, title=evil[:200], evidence=(replace(piece, values=values),))
    text = text_of(render_dossier(data))
    assert "<script>alert(1)</script>" in text.replace("\u200b", "").replace(" ", "")


@pytest.mark.parametrize(
    "page",
    [dossier_page(sample_dossier(2, 5), "/p.css"), branch_page(sample_branch(5), "/p.css")],
    ids=["m", "b"],
)
def test_the_printable_page_is_the_same_report_without_pdf(page: str) -> None:
    assert page.lstrip().startswith("<!doctype html>")
    assert "Verification" in page
    assert 'href="/p' in page
    assert "bundled:" not in page
    assert "style=" not in page


def test_loading_the_reports_does_not_load_weasyprint() -> None:
    code = (
        "import sys, govapp.reports.branch, govapp.reports.dossier\n"
        "assert 'weasyprint' not in sys.modules and 'pikepdf' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_characters_without_a_font_are_told_and_do_not_stop_a_report(
    caplog: pytest.LogCaptureFixture,
) -> None:
    report = render_dossier(sample_dossier(0, 0, title="M \U000e0041\ufdd0 \U0001fbf0 𓀀 \U00016ea0 山田"))
    assert report.pages >= 2
    told = [r for r in caplog.records if r.name == "govapp.reports._engine"]
    assert all("install fonts-noto-cjk" in r.getMessage() for r in told)
    problem = _engine.font_problem()
    assert problem is None or problem.startswith("No font here prints ")


def test_a_missing_pango_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    assert _engine.pango_problem() is None
    monkeypatch.setattr(_engine, "_weasyprint", missing)
    assert "Install libpango-1.0-0" in str(_engine.pango_problem())
    with pytest.raises(RenderError, match="Pango is missing"):
        render_dossier(sample_dossier(0, 0))
