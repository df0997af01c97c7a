"""What the deployment should look like, and what of it differs from what is there.

`deploy` calls this file with the interpreter of Oracle's command line, which brings PyYAML. It reads files and the
environment, prints JSON for `oci ... --from-json`, and talks to nobody.
"""

import hashlib
import json
import os
import re
import sys

import yaml

import settings
from common import HERE, PLACEHOLDER, Wrong, fill, filled, read

# Tag with the digest of the document that a resource was made from. A comparison of members alone would not see that
# one is gone from the document, as services add defaults of their own.
TAG = "causeway-digest"
# Tag with whose a resource is. Groups and policies are the tenancy's, names of buckets the namespace's: without it a
# second deployment would take over those of the first, and with them its rights.
OWNER = "causeway-owner"
WAYS_OUT = (
    "This is the deployment '{0}'. Give it names of its own with CAUSEWAY_APPLICATION, CAUSEWAY_BUCKET and "
    f"CAUSEWAY_RESULTS_BUCKET; or, to take over what is there, set its tag {OWNER} to '{{0}}' by hand"
)
MEMORY_STEPS = (128, 256, 512, 1024, 2048, 3072)

# Kind: the member that names it, the members that cannot change, and the option that takes its id.
KINDS = {
    "topic": ("name", {"compartmentId", "name"}, "topicId"),
    "bucket": ("name", {"compartmentId", "name"}, "bucketName"),
    "application": ("displayName", {"compartmentId", "displayName", "subnetIds", "shape"}, "applicationId"),
    "function": ("displayName", {"applicationId", "displayName"}, "functionId"),
    "schedule": ("displayName", {"compartmentId"}, "scheduleId"),
    "group": ("name", {"compartmentId", "name"}, "dynamicGroupId"),
    "policy": ("name", {"compartmentId", "name"}, "policyId"),
    "users": ("name", {"compartmentId", "name"}, "groupId"),
    "gateway": ("displayName", {"compartmentId", "subnetId", "endpointType"}, "gatewayId"),
    "deployment": ("displayName", {"compartmentId", "gatewayId", "pathPrefix"}, "deploymentId"),
    "alarm": ("displayName", set(), "alarmId"),
    "rule": ("displayName", {"compartmentId"}, "ruleId"),
}
# Kinds of which a list has every member. They are the tenancy's, and grant rights: one without an owner is nobody's to
# change.
LISTED_WHOLE = ("group", "policy", "users")
# Options whose answer has another name.
ANSWERED_AS = {
    "provisionedConcurrency": "provisioned-concurrency-config",
    "queryText": "query",
}


def main(arguments):
    command, rest = arguments[0], arguments[1:]
    try:
        COMMANDS[command](*rest)
    except Wrong as problem:
        sys.exit(f"{command} {' '.join(rest[:2])}: {problem}")


def names(kind):
    """All of a kind, one a line."""
    for name in sorted(documents(kind)):
        print(fill(name))


def desired(kind, name):
    """The document that creates one."""
    print(json.dumps(tagged(kind, whole(kind, name)), indent=2))


def survey(kind):
    """Each of a kind with its id in the list on stdin, a tab between; nothing after it for one that is not there."""
    label, there = kebab(KINDS[kind][0]), {}
    for one in listed():
        if one.get("lifecycle-state") not in ("DELETED", "DELETING", "TERMINATED"):
            there.setdefault(one[label], []).append(identity(kind, one))
    for name in sorted(map(fill, documents(kind))):
        found = there.get(name, [])
        if len(found) > 1:
            raise Wrong(f"{len(found)} have the name {name}: {' '.join(found)}")
        print(name, *found, sep="\t")


def subscribed(name):
    """The id of a subscription in the list on stdin: it has no name, so its topic, protocol and endpoint are compared."""
    wanted = whole("subscription", name)
    same = (one["id"] for one in listed() if one["protocol"] == wanted["protocol"]
            and one["endpoint"] == wanted["subscriptionEndpoint"] and one["topic-id"] == wanted["topicId"])
    print(next(same, ""))


def owned(kind):
    """Refuses a list on stdin in which somebody else's has a name of ours."""
    label, ours = kebab(KINDS[kind][0]), set(map(fill, documents(kind)))
    there = [one for one in listed() if one[label] in ours and one.get("lifecycle-state") != "DELETED"]
    theirs = [f"{one[label]} {whose}" for one in there if (whose := whose_else(kind, one))]
    if theirs:
        raise Wrong(f"{'; '.join(theirs)}. {WAYS_OUT.format(owner())}")


def owner():
    """Whose the resources of this run are."""
    return " ".join(fill(f"${{CAUSEWAY_{part}}}") for part in ("APPLICATION", "REGION", "COMPARTMENT"))


def whose_else(kind, found):
    """Whose a resource is, in words, if it is not of this run."""
    theirs = (found.get("freeform-tags") or {}).get(OWNER)
    if theirs == owner() or (theirs is None and kind not in LISTED_WHOLE):
        return None
    return f"is of the deployment '{theirs}'" if theirs else f"has no tag {OWNER}: nobody knows whose it is"


def check_owner(kind, found):
    """Refuses what is somebody else's."""
    if whose := whose_else(kind, found):
        raise Wrong(f"{found[kebab(KINDS[kind][0])]} {whose}. {WAYS_OUT.format(owner())}")


def own(kind):
    """Refuses the one on stdin when it is somebody else's."""
    check_owner(kind, json.load(sys.stdin)["data"])


def back(name, answer):
    """The document that puts another image under a function, and leaves everything else as it is."""
    wanted = image(name, os.environ["CAUSEWAY_BACK_TO"])
    if value_of(answer["data"], "image") != wanted:
        match = {"ifMatch": answer["etag"]} if "etag" in answer else {}
        print(json.dumps({"image": wanted, "functionId": answer["data"]["id"], **match}, indent=2))


def change(kind, name):
    """The document that makes the one on stdin what it should be; nothing when it is."""
    answer = json.load(sys.stdin)
    check_owner(kind, answer["data"])
    if kind == "function" and os.environ.get("CAUSEWAY_BACK_TO"):
        return back(name, answer)
    found, wanted = answer["data"], tagged(kind, whole(kind, name))
    if "config" in wanted:
        wanted["config"].update(settings.by_hand(kind, found, wanted["config"]))
        settings.check(name, wanted["config"])
    fixed, option = KINDS[kind][1:]
    for member in sorted(fixed & wanted.keys() - {"compartmentId"}):
        if not same(wanted[member], value_of(found, member)):
            raise Wrong(f"{member} cannot be changed in place: delete it first, or keep what is there")
    parts = {member: value for member, value in wanted.items() if member not in fixed}
    if all(same(value, value_of(found, member)) for member, value in parts.items()):
        return
    others = {key: value for key, value in (found.get("freeform-tags") or {}).items() if not key.startswith(settings.MARK)}
    parts["freeformTags"] = {**others, **parts["freeformTags"]}
    parts[option] = identity(kind, found)
    if kind == "policy":
        # Required with statements; empty is today's meaning of verbs.
        parts["versionDate"] = ""
    if "etag" in answer:
        parts["ifMatch"] = answer["etag"]
    print(json.dumps(parts, indent=2))


def unchanged(kind, name):
    """"yes" when the list on stdin has all there is to know of a kind, and this one is as it should be."""
    label, wanted = kebab(KINDS[kind][0]), tagged(kind, whole(kind, name))
    found = [one for one in listed() if one[label] == name]
    print("yes" if kind in LISTED_WHOLE and all(same(wanted, one) for one in found) and found else "")


def rules(bucket):
    """The lifecycle rules of a bucket with ours among those on stdin; nothing when they are there."""
    text = sys.stdin.read()
    present = json.loads(text)["data"]["items"] if text.strip() else []
    wanted = {key: value for key, value in documents("lifecycle").items() if fill(value["bucket"]) == bucket}
    ours = [{"name": fill(key), **filled(value["rule"])} for key, value in sorted(wanted.items())]
    there = {rule["name"]: rule for rule in present}
    if all(same(rule, there.get(rule["name"])) for rule in ours):
        return
    mine = {rule["name"] for rule in ours}
    others = [camel(rule) for rule in present if rule["name"] not in mine]
    print(json.dumps({"bucketName": bucket, "items": others + ours}, indent=2))


def buckets_with_rules():
    """Buckets with lifecycle rules, one a line."""
    print(*sorted({fill(value["bucket"]) for value in documents("lifecycle").values()}), sep="\n")


def made(kind):
    """The id in the answer on stdin to a creation; nothing where the answer is a work request."""
    data = json.load(sys.stdin).get("data") or {}
    print("" if "operation-type" in data else identity(kind, data))


def identity(kind, found):
    return found[{"topic": "topic-id", "bucket": "name"}.get(kind, "id")]


def listed():
    text = sys.stdin.read()
    data = json.loads(text)["data"] if text.strip() else []
    return data["items"] if isinstance(data, dict) else data


def documents(kind):
    """Documents of a kind by name, with placeholders."""
    if kind == "function":
        return {path.parent.name: path for path in HERE.glob("*/func.yaml")}
    if kind == "group":
        return {f"${{CAUSEWAY_APPLICATION}}-{name}": f"ALL {{resource.type = 'fnfunc', resource.id = '${{{variable('function', name)}}}'}}"
                for name in documents("function")}
    if kind == "policy":
        given = read("policies.json")
        own = {name: lines for name, lines in given["functions"].items() if name in documents("function")}
        given = {f"${{CAUSEWAY_APPLICATION}}-{name}": lines for name, lines in {**own, **given["services"]}.items()}
        return {name: lines for name, lines in given.items() if any(wanted(line) for line in lines)}
    if kind == "users":
        name = "${CAUSEWAY_APPLICATION}-second-side"
        return {name: "Users that Causeway's functions on AWS act as"} if os.environ.get("CAUSEWAY_SECOND_BUCKET") else {}
    if kind == "deployment":
        return {"${CAUSEWAY_APPLICATION}": read("api-gateway.json")}
    return read("resources.json")[f"{kind}s" if kind != "lifecycle" else kind]


def whole(kind, name):
    document = next(value for key, value in documents(kind).items() if fill(key) == name)
    if kind == "function":
        return function(name, document)
    if kind in LISTED_WHOLE:
        return {"compartmentId": fill("${CAUSEWAY_TENANCY}"), "name": name, **of_tenancy(kind, name, document)}
    if kind == "deployment":
        return {"compartmentId": fill("${CAUSEWAY_COMPARTMENT}"), "gatewayId": fill("${GATEWAY_CAUSEWAY}"),
                "displayName": name, "pathPrefix": fill("${CAUSEWAY_PATH_PREFIX}"), "specification": filled(document)}
    if kind == "application":
        return application(filled(document))
    return filled(document)


def of_tenancy(kind, name, document):
    """What a group or a policy says, beside its name."""
    short = name.removeprefix(fill("${CAUSEWAY_APPLICATION}-"))
    if kind == "group":
        return {"description": f"The function {short} of Causeway", "matchingRule": fill(document)}
    if kind == "users":
        return {"description": document}
    statements = [fill(line["statement"]) for line in document if wanted(line)]
    text = f"What {short} of Causeway needs: func-yaml/policies.json has the reasons"
    return {"description": text, "statements": statements}


def rights():
    """Statements in the list of policies on stdin that were for a variable which is not set now, one a line."""
    there = {one["name"]: one["statements"] for one in listed()}
    for name, lines in documents("policy").items():
        for line in lines:
            pattern = re.compile(".+".join(map(re.escape, PLACEHOLDER.split(line["statement"])[::2])))
            if not wanted(line) and any(map(pattern.fullmatch, there.get(fill(name), []))):
                print(f"policy {fill(name)}: a statement for {line['when']}, which is not set: {line['reason']}")


def wanted(line):
    """Whether a statement is for this deployment: `when` names a variable that must be set for it."""
    return "when" not in line or bool(os.environ.get(line["when"]))


def application(document):
    """What is not set is left out: an empty setting is not the same to every reader."""
    document["config"] = settings.of("application", document["displayName"])
    settings.check("the application", document["config"])
    return document


def function(name, path):
    """The function that a func.yaml describes, with the settings of this deployment."""
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    if given.get("name") != name:
        raise Wrong(f"{path.parent.name}/func.yaml has the name {given.get('name')}")
    if given["memory"] not in MEMORY_STEPS:
        raise Wrong(f"memory is {given['memory']}: expected one of {MEMORY_STEPS}")
    config = settings.of("function", name)
    settings.check(name, config)
    oci = (given.get("deploy") or {}).get("oci") or {}
    document = {
        "applicationId": fill("${APPLICATION_CAUSEWAY}"), "displayName": name,
        "image": image(name, os.environ.get("CAUSEWAY_IMAGE_TAG") or given["version"]), "memoryInMbs": given["memory"],
        "timeoutInSeconds": given["timeout"], "config": config,
    }
    return {**document, **unattended(name), **detached(oci.get("detached_mode") or {}), **provisioned(oci)}


def image(name, tag):
    return f"{fill('${CAUSEWAY_IMAGES}')}/{name}:{tag}"


def unattended(name):
    """Who is told of runs that fail while nobody waits for them."""
    given = read("resources.json")["unattended"]
    return {"failureDestination": filled(given["failureDestination"])} if name in given["functions"] else {}


def detached(mode):
    document = {}
    if "timeout" in mode:
        document["detachedModeTimeoutInSeconds"] = seconds(mode["timeout"])
    for key, member in (("on_success", "successDestination"), ("on_failure", "failureDestination")):
        if key in mode:
            kind = mode[key]["type"]
            if kind != "notifications":
                raise Wrong(f"detached_mode.{key}.type is {kind}: this deployment has topics only")
            document[member] = {"kind": "NOTIFICATION", "topicId": fill(mode[key]["ocid"])}
    return document


def provisioned(oci):
    if "provisioned_concurrency" not in oci:
        return {}
    given = oci["provisioned_concurrency"]
    strategy = given["strategy"].upper()
    count = {"count": int(given["count"])} if strategy == "CONSTANT" else {}
    return {"provisionedConcurrency": {"strategy": strategy, **count}}


def seconds(text):
    """A duration as Fn's command line writes it, such as 20m."""
    match = re.fullmatch(r"(\d+)([smh])", str(text))
    if not match or not 5 <= int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] <= 3600:
        raise Wrong(f"detached_mode.timeout is {text}: expected 5s to 1h")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def tagged(kind, document):
    parts = {key: value for key, value in document.items() if key not in KINDS.get(kind, ("", set(), ""))[1]}
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    marks = settings.marks(kind, document["displayName"]) if "config" in document else {}
    return {**document, "freeformTags": {TAG: digest, OWNER: owner(), **marks}}


def variable(kind, name):
    """Under which name the environment has the id of one."""
    return f"{kind}_{name}".upper().replace("-", "_")


def kebab(name):
    """The name of a member as the command line prints it. Names that callers chose stay what they are."""
    if not name[:1].islower():
        return name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def camel(value):
    """What the command line printed, as it reads it."""
    if isinstance(value, dict):
        parts = {re.sub(r"-([a-z])", lambda match: match[1].upper(), key): camel(one) for key, one in value.items()}
        return {key: one for key, one in parts.items() if one is not None}
    return [camel(one) for one in value] if isinstance(value, list) else value


def value_of(found, member):
    if member == "image":
        # The newer API has it among the details of the source.
        return found.get("image") or (found.get("source-details") or {}).get("image")
    return found.get(ANSWERED_AS.get(member, kebab(member)))


def same(wanted_value, found):
    """Whether what is there has everything that is wanted, whatever else the service says of it."""
    if isinstance(wanted_value, dict) and isinstance(found, dict):
        return all(same(value, found.get(kebab(key), found.get(key))) for key, value in wanted_value.items())
    if isinstance(wanted_value, list) and isinstance(found, list):
        return len(wanted_value) == len(found) and all(map(same, wanted_value, found))
    return wanted_value == found


COMMANDS = {
    "names": names, "desired": desired, "survey": survey, "subscribed": subscribed, "change": change,
    "unchanged": unchanged, "rules": rules, "buckets-with-rules": buckets_with_rules, "made": made, "owned": owned,
    "rights": rights, "own": own,
    "settings": settings.changes, "resets": settings.resets,
}

if __name__ == "__main__":
    main(sys.argv[1:])
