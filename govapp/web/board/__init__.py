"""The gate board: the page, moves and their answers, what others changed."""
