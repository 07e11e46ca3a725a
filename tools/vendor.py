"""Rebuilds the third-party files of the web app, pinned, with licences and hashes.

    .venv/bin/python -m tools.vendor            # needs node and npm; writes the vendored files
    .venv/bin/python -m tools.vendor --check    # needs neither; compares files with VENDOR.md

Only who raises a version needs node. The browser loads these files from Hone's own server.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
APP = REPOSITORY / "src/hone/web/static/vendor"
TESTS = REPOSITORY / "tests/browser/vendor"
LISTING = "VENDOR.md"
VERSIONS = {
    "preact": "11.2.0",
    "htm": "3.1.1",
    "@preact/signals": "2.11.4",
    "@preact/signals-core": "1.14.5",
    "@fontsource-variable/inter": "5.3.0",
    "@fontsource-variable/jetbrains-mono": "5.3.0",
    "axe-core": "4.14.1",
    "esbuild": "0.28.2",
}
LICENCES = {
    "preact": "MIT",
    "htm": "Apache-2.0",
    "@preact/signals": "MIT",
    "@preact/signals-core": "MIT",
    "@fontsource-variable/inter": "OFL-1.1",
    "@fontsource-variable/jetbrains-mono": "OFL-1.1",
    "axe-core": "MPL-2.0",
}
ENTRY = """\
import { h, Fragment, render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState, useId } from "preact/hooks";
import { signal, computed, effect, batch, untracked } from "@preact/signals";
import htm from "htm";
export const html = htm.bind(h);
export { h, Fragment, render, useEffect, useLayoutEffect, useRef, useState, useId };
export { signal, computed, effect, batch, untracked };
"""
# Family -> the name in CSS, and the alphabets that are carried; a browser loads those it needs.
FONTS = {
    "inter": ("Inter", ("latin", "latin-ext", "greek", "cyrillic")),
    "jetbrains-mono": ("JetBrains Mono", ("latin", "latin-ext")),
}


def main() -> int:
    """Build, or compare with `--check`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    if parser.parse_args().check:
        wrong = [*differences(APP), *differences(TESTS)]
        print("\n".join(wrong) or "The vendored files are those of VENDOR.md.")
        return 1 if wrong else 0
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
    return 0


def differences(folder: Path) -> list[str]:
    """Files whose hash is not the one in the folder's VENDOR.md, and files that it leaves out."""
    listed = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", _listing(folder), re.M))
    there = {path.name: _sha256(path) for path in folder.iterdir() if path.name != LISTING}
    return [
        f"{folder.name}/{name}: VENDOR.md says {listed.get(name)}, it is {there.get(name)}"
        for name in sorted({*listed, *there})
        if listed.get(name) != there.get(name)
    ]


def build(work: Path) -> None:
    """Fetch the pinned packages into `work` and write the vendored folders."""
    package = {"private": True, "dependencies": VERSIONS}
    (work / "package.json").write_text(json.dumps(package))
    _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], work)
    for folder in (APP, TESTS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    made = {"preact.js": ("preact", "htm", "@preact/signals", "@preact/signals-core")}
    (work / "entry.js").write_text(ENTRY)
    options = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--legal-comments=none"]
    _run(["npx", "esbuild", "entry.js", *options, f"--outfile={APP / 'preact.js'}"], work)
    for family in FONTS:
        made |= dict.fromkeys(_fonts(work, family), (f"@fontsource-variable/{family}",))
    _list(work, APP, made)
    shutil.copyfile(work / "node_modules/axe-core/axe.min.js", TESTS / "axe.min.js")
    _list(work, TESTS, {"axe.min.js": ("axe-core",)})


def _fonts(work: Path, family: str) -> list[str]:
    """Copy a family's alphabets and write its style sheet, with the ranges of the package."""
    source = work / "node_modules/@fontsource-variable" / family
    name, alphabets = FONTS[family]
    styles = (source / "index.css").read_text()
    sheet, files = [], []
    for alphabet in alphabets:
        original = f"{family}-{alphabet}-wght-normal.woff2"
        found = re.search(rf"{re.escape(original)}\).*?unicode-range: ([^;]+);", styles, re.S)
        assert found, f"{original} is not in the package's style sheet"
        file = f"{family}-{alphabet}.woff2"
        shutil.copyfile(source / "files" / original, APP / file)
        files.append(file)
        sheet.append(
            f'@font-face {{ font-family: "{name}"; font-weight: 100 900; font-display: swap;\n'
            f'  src: url("{file}") format("woff2");\n  unicode-range: {found[1]}; }}\n'
        )
    (APP / f"{family}.css").write_text("".join(sheet))
    return [*files, f"{family}.css"]


def _list(work: Path, folder: Path, made: dict[str, tuple[str, ...]]) -> None:
    """Write VENDOR.md: every file with its packages, versions, licences and hash."""
    packages = sorted({package for used in made.values() for package in used})
    for package in packages:
        file = f"LICENSE-{package.rpartition('/')[2]}.txt"
        shutil.copyfile(work / "node_modules" / package / "LICENSE", folder / file)
        made |= {file: (package,)}
    rows = [
        f"| `{name}` | {', '.join(f'{p} {VERSIONS[p]} ({LICENCES[p]})' for p in used)} "
        f"| `{_sha256(folder / name)}` |"
        for name, used in sorted(made.items())
    ]
    head = (
        "# Third-party files\n\nWritten by `python -m tools.vendor` "
        f"(esbuild {VERSIONS['esbuild']}); do not edit.\n\n"
        "| file | made of | sha256 |\n|---|---|---|\n"
    )
    (folder / LISTING).write_text(head + "\n".join(rows) + "\n")


def _listing(folder: Path) -> str:
    return (folder / LISTING).read_text()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
