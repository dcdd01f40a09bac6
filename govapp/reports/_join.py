"""Joins tagged chunks into one PDF/UA-1 file: one tree, one outline, one set of destinations. Knows pikepdf only."""

from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name


class Joiner:
    """Takes tagged chunks in reading order; saves one file with page x of y."""

    def __init__(self, first: Path) -> None:
        self.pdf = pikepdf.open(first)
        root: Any = self.pdf.Root
        self.tree: Any = root.StructTreeRoot
        self.top: Any = self.tree.K[0]
        self.kids: list[Any] = list(self.top.K)
        self.nums: list[Any] = list(self.tree.ParentTree.Nums)
        self.next = 1 + max(int(n) for n in self.nums[0::2])

    def add(self, path: Path) -> None:
        """Append one chunk. Pages are copied first, so that the copied tree meets the copied pages."""
        with pikepdf.open(path) as chunk:
            shift = self.next
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

    def sizes(self) -> list[bool]:
        """For every page whether it is wide."""
        boxes: list[Any] = [page.mediabox for page in self.pdf.pages]
        return [float(box[2]) > float(box[3]) for box in boxes]

    def save(self, path: Path, page_numbers: Path) -> None:
        """`page_numbers`: a file with as many pages, each holding nothing but its `Page x of y`."""
        self.top.K = Array(self.kids)
        self.tree.ParentTree = self.pdf.make_indirect(Dictionary(Nums=Array(self.nums)))
        self.tree.ParentTreeNextKey = self.next
        with pikepdf.open(page_numbers) as marks:
            for page, mark in zip(self.pdf.pages, marks.pages, strict=True):
                name = page.add_resource(self.pdf.copy_foreign(mark.as_form_xobject()), Name.XObject)
                # First, not last: WeasyPrint turns the page upside down at the start of its content.
                stamp = f"/Artifact <</Type /Pagination>> BDC q {name} Do Q EMC".encode()
                page.contents_add(stamp, prepend=True)
        self.pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)

    def close(self) -> None:
        """Let go of the first file."""
        self.pdf.close()
