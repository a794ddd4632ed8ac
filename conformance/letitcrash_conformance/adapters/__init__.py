"""Begins adapters: writes a harness in one of several languages that speaks the protocol and judges a toy at once."""

from letitcrash_conformance.adapters.languages import LANGUAGES, Language
from letitcrash_conformance.adapters.writing import count_author_lines, write_adapter

__all__ = ["LANGUAGES", "Language", "count_author_lines", "write_adapter"]
