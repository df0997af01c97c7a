"""Settings of the application and of the functions: what they are, where they come from, and what a run would take away.

They come from func.yaml, resources.json, the environment, and the site's file CAUSEWAY_SITE. What came from that file is
remembered with the resource, so that a run which was not given it does not put defaults in its place.
"""

import json
import os
import re
import sys
import textwrap
from pathlib import Path

import yaml

from common import HERE, PLACEHOLDER, Wrong, fill, read

LIMIT = 4096
SECRET = re.compile(r"(_KEY|_SECRET|_TOKEN|_PASSWORD)$")
# How the tags begin that have the names of settings from the site's file, as many as a tag's value can hold.
MARK = "causeway-site"
TAG_VALUE = 256
# Beside the settings of all functions: what the libraries in them read by themselves.
LIBRARIES = ("AWS_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "SSL_CERT_FILE")
SHOWN = 80


def of(kind, name, fill_in=fill):
    """All settings of the application, or of a function."""
    if kind == "application":
        return {**{key: value for key, value in deployments(kind, name, fill_in).items() if value}, **sites("application")}
    path = HERE / name / "func.yaml"
    described = yaml.safe_load(path.read_text(encoding="utf-8")).get("config") or {}
    config = {key: str(value) for key, value in described.items()}
    for key, value in {**deployments(kind, name, fill_in), **sites(name)}.items():
        if key not in config and not is_shared(key):
            raise Wrong(f"{key} is no setting in {name}/func.yaml, nor one of all functions in .github/SETTINGS.md")
        config[key] = value
    return config


def deployments(kind, name, fill_in=fill):
    """Those that the deployment's own variables make."""
    given = applications() if kind == "application" else read("resources.json")["settings"].get(name, {})
    return {key: fill_in(value) for key, value in given.items()}


def applications():
    return next(iter(read("resources.json")["applications"].values()))["config"]


def sites(name):
    """Those of the file CAUSEWAY_SITE, for `application` or for a function."""
    path = os.environ.get("CAUSEWAY_SITE")
    known = (yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}) if path else {}
    places = {"application"} | {descriptor.parent.name for descriptor in HERE.glob("*/func.yaml")}
    unknown = known.keys() - places
    if unknown:
        raise Wrong(f"CAUSEWAY_SITE names what is no function: {' '.join(sorted(unknown))}")
    given = {key: text(key, value) for key, value in (known.get(name) or {}).items()}
    for key in given:
        if key in applications():
            raise Wrong(f"{key} of CAUSEWAY_SITE is the deployment's: README.md names the variable for it")
        if name == "application" and not is_shared(key):
            raise Wrong(f"{key} of CAUSEWAY_SITE is no setting of all functions: .github/SETTINGS.md has those")
    return given


def text(key, value):
    """A value as a process gets it: YAML's true is the text true."""
    if isinstance(value, (dict, list)) or value is None:
        raise Wrong(f"{key} of CAUSEWAY_SITE is no text: put it in quotes")
    return str(value).lower() if isinstance(value, bool) else str(value)


def shared():
    """Settings that all functions have, with their kinds. A `*` at the end stands for any ending."""
    page = (HERE.parent / ".github" / "SETTINGS.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z][A-Z0-9_]*(?:\\\*)?) \| (\w+) \|", page, re.MULTILINE)
    if not rows:
        raise Wrong(".github/SETTINGS.md has no table of settings")
    return {name.replace("\\*", "*"): kind for name, kind in rows}


def is_shared(key):
    return key in LIBRARIES or kind_of(key) is not None


def kind_of(key):
    kinds = shared()
    open_ended = (kind for name, kind in kinds.items() if name.endswith("*") and key.startswith(name[:-1]))
    return kinds.get(key) or next(open_ended, None)


def is_secret(key):
    return bool(SECRET.search(key)) or kind_of(key) == "secret"


def check(owner, config):
    size = sum(len(key.encode()) + len(value.encode()) for key, value in config.items())
    if size > LIMIT:
        raise Wrong(f"the settings of {owner} have {size} bytes, the service takes {LIMIT}")
    for key, value in config.items():
        if is_secret(key) and value and not names_secret(value):
            raise Wrong(f"{key} must be the OCID of a secret in the vault, not the secret itself")


def names_secret(value):
    return re.match(r"secret:|ocid1\.vaultsecret\.", value)


def marks(kind, name):
    """Tags that remember which settings the site's file gave."""
    given = sites("application" if kind == "application" else name)
    parts = textwrap.wrap(" ".join(sorted(given)), TAG_VALUE, break_long_words=False, break_on_hyphens=False)
    return {f"{MARK}-{number}": part for number, part in enumerate(parts, 1)}


def marked(found):
    tags = (found.get("freeform-tags") or {}).items()
    return {name for tag, value in tags if tag.startswith(MARK) for name in value.split()}


def by_hand(kind, found, wanted):
    """What is set on a resource and is of nobody here: it stays, unless it would keep functions from starting, as a setting
    in their name does that they do not know."""
    own = marked(found) | (applications().keys() if kind == "application" else set())
    given = (found.get("config") or {}).items()
    harmless = lambda key: is_shared(key) or (kind == "application" and not key.startswith("CAUSEWAY_"))
    return {key: value for key, value in given if key not in wanted and key not in own and harmless(key)}


def changes(kind, name):
    """What becomes of the settings of the one on stdin, one a line."""
    found = json.load(sys.stdin)["data"]
    before, after = found.get("config") or {}, of(kind, name)
    stay = by_hand(kind, found, after)
    for line in differences(before, {**after, **stay}):
        print(line)
    for key in sorted(stay):
        print(f"{key} stays {shown(key, stay[key])}, which was set by hand")


def resets(kind, name):
    """What earlier runs were told of the settings of the one on stdin and this one is not, one a line."""
    # Ids that are not known yet are no reason to call a setting empty.
    fill_in = lambda value: PLACEHOLDER.sub(lambda match: os.environ.get(match[1], "?"), value)
    found = json.load(sys.stdin)["data"]
    before, after = found.get("config") or {}, of(kind, name, fill_in)
    lost = set() if os.environ.get("CAUSEWAY_SITE") else marked(found)
    lost |= {key for key in deployments(kind, name, fill_in) if not after.get(key)}
    for line in differences({key: before.get(key, "") for key in lost}, {key: after.get(key, "") for key in lost}):
        print(line)


def differences(before, after):
    for key in sorted(before.keys() | after.keys()):
        if before.get(key, "") != after.get(key, ""):
            yield f"{key}: {shown(key, before.get(key, ''))} -> {shown(key, after.get(key, ''))}"


def shown(key, value):
    if not value:
        return "nothing"
    if is_secret(key) and not names_secret(value):
        return "(hidden)"
    return json.dumps(value if len(value) <= SHOWN else f"{value[:SHOWN]}...", ensure_ascii=False)
