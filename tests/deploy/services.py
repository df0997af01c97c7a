"""The services that the emulator does not have: identity, functions' management, gateways, schedules, alarms, rules.

They keep what they are given and hold every request to the models of Oracle's SDK, which is where Oracle writes down
what a service takes: unknown and missing members, types and words that are not in a list are refused with 400. Run with
the interpreter of Oracle's command line; the port is printed. `/_/state` has everything, `/_/changes` how often
something was changed.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

import oci

PAGE = 4
# Collection: SDK module, models of creation and change, the member that names one, whether a list is an object with
# items, and the form of ids.
COLLECTIONS = {
    "dynamicGroups": ("identity", "DynamicGroup", "name", False, "dynamicgroup"),
    "policies": ("identity", "Policy", "name", False, "policy"),
    "groups": ("identity", "Group", "name", False, "group"),
    "applications": ("functions", "Application", "displayName", False, "fnapp"),
    "functions": ("functions", "Function", "displayName", False, "fnfunc"),
    "gateways": ("apigateway", "Gateway", "displayName", True, "apigateway"),
    "deployments": ("apigateway", "Deployment", "displayName", True, "apideployment"),
    "schedules": ("resource_scheduler", "Schedule", "displayName", True, "resourceschedule"),
    "alarms": ("monitoring", "Alarm", "displayName", False, "alarm"),
    "rules": ("events", "Rule", "displayName", False, "eventrule"),
}
# What a list leaves out of each entry, so that a caller has to ask for one.
LISTS_LEAVE_OUT = {
    "functions": ("config", "sourceDetails"), "applications": ("config",), "deployments": ("specification",),
    "schedules": ("resources",), "rules": ("actions",), "alarms": ("repeatNotificationDuration",),
}
REFERS_TO = {"applicationId": "applications", "gatewayId": "gateways", "functionId": "functions"}

lock = Lock()
kept = {name: {} for name in COLLECTIONS}
changes = []


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def check(module, expected, value, path):
    """Holds a value to a type as the SDK writes types."""
    if value is None:
        return
    inner = re.fullmatch(r"(list\[|dict\(str, )(.*)[\])]", expected)
    if inner:
        wanted = list if inner[1] == "list[" else dict
        must(isinstance(value, wanted), path, f"is no {wanted.__name__}")
        for key, one in value.items() if wanted is dict else enumerate(value):
            check(module, inner[2], one, f"{path}.{key}")
    elif expected in ("str", "bool", "int", "float", "object", "datetime"):
        kinds = {"str": str, "bool": bool, "int": int, "float": (int, float), "object": object, "datetime": str}
        must(isinstance(value, kinds[expected]), path, f"is no {expected}")
        must(expected != "int" or not isinstance(value, bool), path, "is no int")
    else:
        must(isinstance(value, dict), path, "is no object")
        check_model(module, expected, value, path)


def check_model(module, name, value, path):
    model = getattr(module, name)
    if hasattr(model, "get_subtype"):
        subtype = model.get_subtype(value)
        must(subtype != name, path, "says no known type")
        model = getattr(module, subtype)
    shape = model()
    members = {shape.attribute_map[name]: name for name in shape.swagger_types}
    must(not value.keys() - members.keys(), path, f"has unknown members {sorted(value.keys() - members.keys())}")
    for member, attribute in members.items():
        here = f"{path}.{member}"
        required = "**[Required]**" in (getattr(model, attribute).__doc__ or "")
        must(not required or value.get(member) is not None, here, "is missing")
        given = value.get(member)
        check(module, shape.swagger_types[attribute], given, here)
        words = {getattr(model, one) for one in dir(model) if re.fullmatch(f"{attribute.upper()}_[A-Z0-9_]+", one)}
        texts = given if isinstance(given, list) else [given]
        for text in texts if words and given is not None else ():
            must(text in words, here, f"is {text}, expected one of {sorted(words)}")


def must(holds, path, message):
    if not holds:
        raise Refused(400, "InvalidParameter", f"{path} {message}")


def check_references(value):
    if isinstance(value, dict):
        for key, one in value.items():
            if key in REFERS_TO and one not in kept[REFERS_TO[key]]:
                raise Refused(404, "NotAuthorizedOrNotFound", f"{key} {one} is not there")
            check_references(one)
    for one in value if isinstance(value, list) else ():
        check_references(one)


def create(collection, body):
    service, model, label, _, kind = COLLECTIONS[collection]
    check_model(getattr(oci, service).models, f"Create{model}Details", body, "body")
    check_references(body)
    owner = body.get("applicationId") or body["compartmentId"]
    same = lambda one: one[label] == body[label] and (one.get("applicationId") or one["compartmentId"]) == owner
    if collection != "alarms" and any(map(same, kept[collection].values())):
        raise Refused(409, "NotAuthorizedOrResourceAlreadyExists", f"{body[label]} is there")
    made = {**body, "id": f"ocid1.{kind}.oc1.iad.a{len(kept[collection]):04}", "lifecycleState": "ACTIVE"}
    made["timeCreated"] = "2026-01-01T00:00:00.000Z"
    kept[collection][made["id"]] = {"etag": 1, **made}
    return made["id"]


def update(collection, found, body, match):
    service, model, *_ = COLLECTIONS[collection]
    check_model(getattr(oci, service).models, f"Update{model}Details", body, "body")
    check_references(body)
    if match is not None and match != str(found["etag"]):
        raise Refused(412, "NoEtagMatch", "somebody else changed it")
    found.update(body)
    found["etag"] += 1


class Services(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(self.read)

    def do_POST(self):
        self.answer(self.write)

    do_PUT = do_POST

    def answer(self, handler):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        address = urlsplit(self.path)
        parts = [unquote(part) for part in address.path.split("/")[2:]]
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        try:
            with lock:
                status, shown, headers = handler(parts, query, body)
        except Refused as problem:
            status, shown, headers = problem.status, {"code": problem.code, "message": str(problem)}, {}
        text = json.dumps(shown).encode()
        self.send_response(status)
        headers = {"content-type": "application/json", "content-length": len(text), "opc-request-id": "r", **headers}
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(text)

    def read(self, parts, query, _):
        if parts == ["state"]:
            return 200, kept, {}
        if parts == ["changes"]:
            return 200, changes, {}
        if parts[0] == "workRequests":
            parts = parts[1:]
            return 200, {"id": parts[0], "status": "SUCCEEDED", "operationType": "CREATE_DEPLOYMENT", "resources": [],
                         "compartmentId": "c", "timeAccepted": "2026-01-01T00:00:00Z", "percentComplete": 100}, {}
        if len(parts) == 2:
            found = one(parts)
            return 200, without(found, ("etag",)), {"etag": found["etag"]}
        collection = parts[0]
        filters = {key: query[key] for key in ("compartmentId", "applicationId") if key in query}
        if not filters:
            raise Refused(400, "MissingParameter", "a list is one of a compartment or an application")
        fits = [each for each in kept[collection].values() if filters.items() <= each.items()]
        start = int(query.get("page", 0))
        leave_out = (*LISTS_LEAVE_OUT.get(collection, ()), "etag")
        page = [without(each, leave_out) for each in fits[start:start + PAGE]]
        headers = {"opc-next-page": start + PAGE} if len(fits) > start + PAGE else {}
        return 200, {"items": page} if COLLECTIONS[collection][3] else page, headers

    def write(self, parts, _, body):
        collection = parts[0]
        if len(parts) == 2:
            update(collection, one(parts), body, self.headers.get("if-match"))
            identifier = parts[1]
        else:
            identifier = create(collection, body)
        changes.append([self.command, collection, kept[collection][identifier][COLLECTIONS[collection][2]]])
        found = kept[collection][identifier]
        headers = {"etag": found["etag"]}
        if collection in ("gateways", "deployments"):
            headers["opc-work-request-id"] = f"work{len(changes)}"
        return 200, without(found, ("etag",)), headers


def one(parts):
    found = kept[parts[0]].get(parts[1])
    if found is None:
        raise Refused(404, "NotAuthorizedOrNotFound", f"{parts[1]} is not there")
    return found


def without(found, names):
    return {key: value for key, value in found.items() if key not in names}


server = ThreadingHTTPServer(("127.0.0.1", 0), Services)
server.RequestHandlerClass.log_message = lambda *_: None
print(server.server_port, flush=True)
server.serve_forever()
