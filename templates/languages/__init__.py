"""The languages that are shipped, each a folder of plain files; `docs/language.md` says how another one is added."""
