"""Redirect maps as files: what a format gives a meaning stands for itself."""

import json
import re

import pytest

from cms.redirects.maps import FORMATS, to_next, to_nginx, to_redirects_file, to_vercel

PLAIN = [("/blog/before", "/blog/after"), ("/tags/old", "/tags/new")]
SPECIAL = "/a:b*c(d)+e$f!g,h;i'j&k=l@m~n/caf%C3%A9"


def nginx_lines(content: bytes) -> dict[str, str]:
    """The lines of a map as nginx reads them: quoted, with a backslash before a quote or a backslash."""
    body = content.decode().split("{\n", 1)[1]
    found = re.findall(r'^    "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)";$', body, flags=re.MULTILINE)
    return {re.sub(r"\\(.)", r"\1", old): re.sub(r"\\(.)", r"\1", new) for old, new in found}


def test_a_redirects_file_has_a_line_for_each():
    assert to_redirects_file(PLAIN) == b"/blog/before /blog/after 301\n/tags/old /tags/new 301\n"


def test_a_redirects_file_has_no_placeholders_and_no_wildcards():
    (line,) = to_redirects_file([(f"{SPECIAL}/x", f"{SPECIAL}/y")]).decode().splitlines()
    old, new, status = line.split(" ")
    assert status == "301"
    assert (old, new) == tuple(SPECIAL.replace(":", "%3A").replace("*", "%2A") + end for end in ("/x", "/y"))


def test_rules_are_those_of_vercel_and_next():
    rules = [{"source": old, "destination": new, "permanent": True} for old, new in PLAIN]
    assert json.loads(to_next(PLAIN)) == rules
    assert json.loads(to_vercel(PLAIN)) == {"redirects": rules}


@pytest.mark.parametrize("character", list("(){}:*+?"))
def test_a_source_is_no_pattern(character):
    (rule,) = json.loads(to_next([(f"/a{character}b/x", f"/a{character}b/y")]))
    assert rule["source"] == f"/a\\{character}b/x"
    assert rule["destination"] == f"/a%{ord(character):02X}b/y"


def test_other_characters_stay_as_they_are():
    path = "/blog/2026.01-x_y~z/caf%C3%A9,a@b=c&d"
    (rule,) = json.loads(to_next([(path, path)]))
    assert (rule["source"], rule["destination"]) == (path, path)


def test_nginx_compares_the_decoded_path_and_answers_the_encoded_one():
    content = to_nginx([("/caf%C3%A9/x", "/caf%C3%A9/y")])
    assert nginx_lines(content) == {"/caf\u00e9/x": "/caf%C3%A9/y"}
    assert content.decode().endswith("}\n")


@pytest.mark.parametrize("path", ["/a%22b", "/a%5Cb", "/a%22;%7D%20evil%20%7B", "/a;b", "/a%20b"])
def test_nothing_leaves_the_quotes_of_nginx(path):
    (old,) = nginx_lines(to_nginx([(path, "/b")]))
    assert "%" not in old
    assert to_nginx([(path, "/b")]).count(b"\n") == to_nginx([("/a", "/b")]).count(b"\n")


def test_no_variable_of_nginx_is_read():
    assert nginx_lines(to_nginx([("/a$host", "/b$host/${x}")])) == {"/a$host": "/b%24host/%24{x}"}


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_map_is_a_file(name):
    media_type, write = FORMATS[name]
    content = write([])
    if media_type == "application/json":
        assert json.loads(content) in ([], {"redirects": []})
    else:
        assert content == (b"" if name != "nginx" else to_nginx([]))
