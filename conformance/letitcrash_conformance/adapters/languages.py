"""The languages in which an adapter can be begun: their files, their words, and how a stub is written in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from letitcrash_conformance.adapters.calls import RuntimeCall

__all__ = ["LANGUAGES", "Language"]


@dataclass(frozen=True, slots=True)
class Language:
    """A language.

    Attributes:
        name: Its name on the command line.
        adapter: The file that the author edits.
        command: The words of the command that starts the harness, in its folder.
        tools: Programs that it takes.
        build: The words of the command that builds it first; empty if none is needed.
        comment: What begins a comment.
        indent: What stands before a stub.
        write_stub: Writes the stub of a call; each line without the indent.
        write_hook: Writes the stub of a hook: its name and what it returns.
        borrowed: Files that come from elsewhere in the package: file name and resource.
    """

    name: str
    adapter: str
    command: tuple[str, ...]
    tools: tuple[str, ...]
    write_stub: Callable[[RuntimeCall], list[str]]
    write_hook: Callable[[str, str], list[str]]
    build: tuple[str, ...] = ()
    comment: str = "//"
    indent: str = ""
    borrowed: tuple[tuple[str, str], ...] = ()


def _about(call: RuntimeCall) -> list[str]:
    """Say in lines what a call does, returns and may refuse with."""
    lines = [f"{call.doc[0].upper()}{call.doc[1:]}.", f"Returns {call.ok_doc or '`null`'}."]
    if call.fails:
        lines.append(f"May refuse with {', '.join(call.fails)}.")
    return [line.replace("`", "") for line in lines]


def _python(call: RuntimeCall) -> list[str]:
    about = _about(call)
    words = [f'    """{about[0]}', "", *(f"    {line}" for line in about[1:]), '    """']
    return [f"def {call.name}({', '.join(('self', 'by', *call.params))}):", *words, "    raise NotImplementedError"]


def _python_hook(name: str, returns: str) -> list[str]:
    return [f"def {name}(self):", f'    """Return {returns}."""', "    raise NotImplementedError"]


def _javascript(call: RuntimeCall) -> list[str]:
    head = f"async {call.name}(by, {{ {', '.join(call.params)} }}) {{" if call.params else f"async {call.name}(by) {{"
    return [*(f"// {line}" for line in _about(call)), head, "  throw new NotWritten();", "}"]


def _javascript_hook(name: str, returns: str) -> list[str]:
    return [f"// Returns {returns}.", f"async {name}() {{", "  throw new NotWritten();", "}"]


def _go_name(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _go(call: RuntimeCall) -> list[str]:
    about = [f"// {_go_name(call.name)}: {_args(call)}", *(f"// {line}" for line in _about(call))]
    return [
        *about,
        f"func (a *Adapter) {_go_name(call.name)}(by string, args Args) (any, error) {{",
        "\treturn nil, ErrNotWritten",
        "}",
    ]


def _go_hook(name: str, returns: str) -> list[str]:
    head = f"func (a *Adapter) {_go_name(name)}() (map[string]string, error) {{"
    return [f"// {_go_name(name)} returns {returns}.", head, "\treturn nil, ErrNotWritten", "}"]


def _args(call: RuntimeCall) -> str:
    return f"args {', '.join(call.params)}." if call.params else "no args."


def _rust(call: RuntimeCall) -> list[str]:
    about = [f"/// {line}" for line in (*_about(call), f"Given: {_args(call)}")]
    head = f"fn {call.name}(&self, kit: &Arc<Kit>, by: By, args: &Json) -> Result<Json, Fail> {{"
    return [*about, head, "    not_written(kit, by, args)", "}"]


def _rust_hook(name: str, returns: str) -> list[str]:
    return [
        f"/// Returns {returns}.",
        f"pub fn {name}(&self, kit: &Arc<Kit>) -> Result<Json, Fail> {{",
        "    not_written(kit, None, &Json::Null)",
        "}",
    ]


def _erlang(call: RuntimeCall) -> list[str]:
    return [
        *(f"%% {line}" for line in (*_about(call), f"Given: {_args(call)}")),
        f"handle({call.name}, _By, _Args) ->",
        "    not_written;",
    ]


def _erlang_hook(name: str, returns: str) -> list[str]:
    return [f"%% Returns {returns}.", f"handle({name}, _By, _Args) ->", "    not_written;"]


def _elixir(call: RuntimeCall) -> list[str]:
    args = ", ".join(f'"{name}" => _{name}' for name in call.params)
    return [*(f"# {line}" for line in _about(call)), f"def handle(:{call.name}, _by, %{{{args}}}), do: :not_written"]


def _elixir_hook(name: str, returns: str) -> list[str]:
    return [f"# Returns {returns}.", f"def handle(:{name}, _by, _), do: :not_written"]


_JSON = (("lic_json.erl", "subjects/erlang/lic_json.erl"),)
_KIT = tuple((name, f"adapters/templates/erlang/{name}.tmpl") for name in ("kit.erl", "probe.erl"))

LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {
        language.name: language
        for language in (
            Language(
                "elixir",
                "adapter.ex",
                ("elixir", "--erl", "-noinput", "harness.exs"),
                ("elixir",),
                _elixir,
                _elixir_hook,
                comment="#",
                indent="  ",
                borrowed=(*_JSON, *_KIT),
            ),
            Language(
                "erlang",
                "adapter.erl",
                ("escript", "harness"),
                ("escript",),
                _erlang,
                _erlang_hook,
                comment="%%",
                borrowed=_JSON,
            ),
            Language(
                "go", "adapter.go", ("./harness",), ("go",), _go, _go_hook, build=("go", "build", "-o", "harness", ".")
            ),
            Language(
                "javascript",
                "adapter.mjs",
                ("node", "adapter.mjs"),
                ("node",),
                _javascript,
                _javascript_hook,
                indent="  ",
            ),
            Language(
                "python",
                "adapter.py",
                ("python3", "adapter.py"),
                ("python3",),
                _python,
                _python_hook,
                comment="#",
                indent="    ",
            ),
            Language(
                "rust",
                "src/adapter.rs",
                ("target/release/harness",),
                ("cargo", "rustc"),
                _rust,
                _rust_hook,
                build=("cargo", "build", "--release", "--offline"),
                indent="    ",
            ),
        )
    }
)
"""Every language, by name, sorted."""
