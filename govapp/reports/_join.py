"""Joins tagged chunks into one PDF/UA-1 file: one tree, one outline, one set of destinations.

Knows pikepdf only.
"""

import importlib
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any


@lru_cache(1)
def _pikepdf() -> ModuleType:
    """Loaded when files are joined, so that web processes stay small."""
    return importlib.import_module("pikepdf")


class Joiner:
    """Takes tagged chunks in reading order; saves one file with page x of y."""

    def __init__(self, first: Path) -> None:
        self.pdf: Any = _pikepdf().open(first)
        root: Any = self.pdf.Root
        self.tree: Any = root.StructTreeRoot
        self.top: Any = self.tree.K[0]
        self.kids: list[Any] = list(self.top.K)
        self.nums: list[Any] = list(self.tree.ParentTree.Nums)
        self.next = 1 + max(int(n) for n in self.nums[0::2])
        self.outline: list[Any] = []

    def add(self, path: Path) -> None:
        """Append one chunk. Pages are copied first, so that the copied tree meets the copied pages."""
        with _pikepdf().open(path) as chunk:
            shift, start = self.next, len(self.pdf.pages)
            root: Any = chunk.Root
            for page in chunk.pages:
                leaf: Any = page.obj
                leaf.StructParents = int(leaf.StructParents) + shift
                for annotation in leaf.get("/Annots", ()):
                    annotation.StructParent = int(annotation.StructParent) + shift
            self.pdf.pages.extend(chunk.pages)
            tree: Any = self.pdf.copy_foreign(root.StructTreeRoot)
            nums = tree.ParentTree.Nums
            for i in range(0, len(nums), 2):
                self.nums += (int(nums[i]) + shift, nums[i + 1])
                self.next = max(self.next, int(nums[i]) + shift + 1)
            for kid in tree.K[0].K:
                kid.P = self.top
                self.kids.append(kid)
            with chunk.open_outline() as outline:
                places = {page.obj.objgen: start + i for i, page in enumerate(chunk.pages)}
                self.outline += [_moved(item, places) for item in outline.root]

    def save(self, path: Path, page_numbers: Path) -> None:
        """`page_numbers`: a file with as many pages, each holding nothing but its `Page x of y`."""
        pikepdf: Any = _pikepdf()
        self.top.K = pikepdf.Array(self.kids)
        self.tree.ParentTree = self.pdf.make_indirect(pikepdf.Dictionary(Nums=pikepdf.Array(self.nums)))
        self.tree.ParentTreeNextKey = self.next
        with self.pdf.open_outline() as outline:
            for item in self.outline:  # a bookmark that goes on in the next chunk stays one
                if outline.root and outline.root[-1].title == item.title:
                    outline.root[-1].children.extend(item.children)
                else:
                    outline.root.append(item)
        with _pikepdf().open(page_numbers) as marks:
            for number, (page, mark) in enumerate(zip(self.pdf.pages, marks.pages, strict=True), start=1):
                # Named by us: pikepdf's own names are random, and equal data must give equal bytes (R43).
                # Each its own, since pages of one chunk may share their resources.
                form, name = (
                    self.pdf.copy_foreign(mark.as_form_xobject()),
                    pikepdf.Name(f"/PageNumber{number}"),
                )
                page.add_resource(form, pikepdf.Name.XObject, name)
                # First, not last: WeasyPrint turns the page upside down at the start of its content.
                stamp = f"/Artifact <</Type /Pagination>> BDC q {name} Do Q EMC".encode()
                page.contents_add(stamp, prepend=True)
        self.pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)

    def close(self) -> None:
        """Let go of the first file."""
        self.pdf.close()


def _moved(item: Any, places: dict[Any, int]) -> Any:
    """A bookmark of a chunk as one of the joined file; `places`: the numbers its pages have there."""
    page, _, left, top, *_rest = item.destination
    moved = _pikepdf().OutlineItem(item.title, places[page.objgen], "XYZ", left=float(left), top=float(top))
    moved.children.extend(_moved(child, places) for child in item.children)
    return moved


def join_files(parts: list[str], page_numbers: str, joined: str) -> None:
    """Join the files `parts` in their order, lay `page_numbers` over them, write `joined`."""
    joiner = Joiner(Path(parts[0]))
    try:
        for part in parts[1:]:
            joiner.add(Path(part))
        joiner.save(Path(joined), Path(page_numbers))
    finally:
        joiner.close()


def page_sizes(parts: list[Path]) -> list[bool]:
    """For every page of all parts whether it is wide."""
    sizes: list[bool] = []
    for part in parts:
        with _pikepdf().open(part) as pdf:
            boxes: list[Any] = [page.mediabox for page in pdf.pages]
            sizes += [float(box[2]) > float(box[3]) for box in boxes]
    return sizes
