"""Mends the tag tree that WeasyPrint writes, by its public finisher hook (PDF/UA-1)."""

from typing import Any

HOLDS_TEXT = frozenset(
    f"/{name}"
    for name in ("TD", "TH", "P", "Caption", "Lbl", "LBody", "H1", "H2", "H3", "H4", "H5", "H6", "Span")
)


def tidy_tags(pdf: Any) -> None:
    """Heads of rows and columns get a Scope, running heads become artifacts, one element less per run of
    text."""
    objects = pdf.objects

    def find(reference: Any) -> Any:
        return objects[int(reference.split()[0])]

    root = find(pdf.catalog["StructTreeRoot"])
    top = find(root["K"][0])
    nums = find(root["ParentTree"])["Nums"]
    pages = {number: find(page) for number, page in enumerate(pdf.page_references)}
    for element in objects:
        if isinstance(element, dict) and element.get("Type") == "/StructElem":
            _tidy_cell(element, find)
    stray: list[Any] = []
    for number, entry in zip(nums[0::2], nums[1::2], strict=True):
        if isinstance(entry, list):
            stray += _tidy_page(entry, find, top, find(pages[number]["Contents"]))
    for element in stray:
        element.clear()


def _tidy_cell(element: Any, find: Any) -> None:
    if element["S"] == "/TH":
        row = find(element["P"])
        element["A"]["Scope"] = "/Column" if find(row["P"])["S"] == "/THead" else "/Row"
        element.pop("ID", None)  # Scope is enough, and ids of two chunks would clash
    elif element["S"] == "/TD":
        element["A"].pop("Headers", None)
        if len(element["A"]) == 1:  # only its owner is left
            del element["A"]


def _tidy_page(entry: list[Any], find: Any, top: Any, contents: Any) -> list[Any]:
    in_tree, stray = set(top["K"]), []
    for mcid, reference in enumerate(entry):
        element = find(reference)
        chain = [element]
        while find(chain[-1]["P"]) is not top:
            chain.append(find(chain[-1]["P"]))
        if chain[-1].reference not in in_tree:  # a margin box: in no branch of the tree
            _make_artifact(contents, mcid)
            entry[mcid] = "null"
            stray += chain
        elif element["S"] in {"/Span", "/NonStruct"} and element["K"] == [mcid]:
            parent = find(element["P"])
            if parent.get("S") in HOLDS_TEXT:
                kids = parent["K"]
                kids[kids.index(reference)] = mcid
                entry[mcid] = parent.reference
                element.clear()
    while entry and entry[-1] == "null":
        entry.pop()
    return stray


def _make_artifact(stream: Any, mcid: int) -> None:
    operators = stream.stream
    for i in range(len(operators) - 1, 0, -1):  # margin boxes are painted late
        if isinstance(operators[i], dict) and operators[i].get("MCID") == mcid:
            operators[i - 1], operators[i] = b"/Artifact", b"<</Type /Pagination>>"
            return
