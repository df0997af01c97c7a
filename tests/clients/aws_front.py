"""AWS for the tests of the ports: moto behind one address, and what moto lacks.

* CloudWatch speaks rpc-v2-cbor with current SDKs, which moto does not: such calls are made anew with boto3.
* Lambda's Invoke needs a container engine in moto: two functions live here, `echo` and `fail`.
* Everything else is passed on.

Arguments: the port of moto. The first line of the output is the port of this server; after that each line of the
input is a command in JSON, and each line of the output its result.
"""

import gzip
import http.client
import http.server
import json
import re
import sys
import threading
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer

MOTO = int(sys.argv[1])
KNOWN_KEY = "throw-away"
INVOKE = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations$")
CBOR = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(\w+)$")
PREFIX = "tests-dev-"

ran = []
cut = {"times": 0}


def client(service, key=KNOWN_KEY):
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{MOTO}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key="throw-away",
        config=Config(retries={"max_attempts": 0}),
    )


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        invoked, operation = INVOKE.match(self.path), CBOR.match(self.path)
        if invoked:
            return self.invoke(invoked[1], body)
        if operation:
            return self.cloudwatch(operation[1], body)
        return self.pass_on(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def answer(self, status, body, headers):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in {name.lower() for name, _ in headers}:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def pass_on(self, body):
        upstream = http.client.HTTPConnection("127.0.0.1", MOTO)
        upstream.request(self.command, self.path, body, dict(self.headers))
        found = upstream.getresponse()
        content = found.read()
        if b"Action=Publish" in body and cut["times"] > 0:
            cut["times"] -= 1
            self.close_connection = True
            return
        dropped = {"transfer-encoding", "connection"} | (set() if self.command == "HEAD" else {"content-length"})
        headers = [(name, value) for name, value in found.getheaders() if name.lower() not in dropped]
        self.answer(found.status, content, headers)

    def key(self):
        return re.search(r"Credential=([^/]+)/", self.headers.get("authorization", "")).group(1)

    def cloudwatch(self, name, body):
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        made = client("cloudwatch", self.key())
        operation = made.meta.service_model.operation_model(name)
        parser = RpcV2CBORParser()
        params = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
        content, status = bytearray(), 200
        try:
            result = made._make_api_call(name, params)
            result.pop("ResponseMetadata", None)
            if operation.output_shape is not None:
                RpcV2CBORSerializer()._serialize_data_item(content, result, operation.output_shape)
            else:
                content += b"\xa0"
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            content += cbor_map({"__type": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]})
        kind = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        self.answer(status, bytes(content), kind + [("x-amzn-requestid", str(uuid.uuid4()))])

    def invoke(self, name, body):
        headers = [("content-type", "application/json"), ("x-amzn-requestid", str(uuid.uuid4()))]

        def refused(status, code):
            message = json.dumps({"Type": "User", "message": f"refused: {body[:40]!r}"}).encode()
            self.answer(status, message, headers + [("x-amzn-errortype", code)])

        if self.key() != KNOWN_KEY:
            return refused(403, "UnrecognizedClientException")
        if name not in (PREFIX + "echo", PREFIX + "fail"):
            return refused(404, "ResourceNotFoundException:http://internal.amazon.com/coral/com.amazonaws/")
        if len(body) > 6291556:
            return refused(413, "RequestTooLargeException")
        if name == PREFIX + "fail":
            told = {"errorType": "service_unavailable", "errorMessage": "the service is away"}
            return self.answer(200, json.dumps(told).encode(), headers + [("x-amz-function-error", "Unhandled")])
        ran.append({"payload": body.decode(), "trace": self.headers.get("x-amzn-trace-id")})
        if self.headers.get("x-amz-invocation-type") == "Event":
            return self.answer(202, b"", headers)
        return self.answer(200, body, headers)


def cbor_map(pairs):
    out = bytearray([0xA0 | len(pairs)])
    for text in (text for pair in pairs.items() for text in pair):
        RpcV2CBORSerializer()._serialize_type_string(out, text, None, None)
    return out


class Commands:
    """What tests do behind the services' backs."""

    def __init__(self):
        self.queues = {}

    def bucket(self, name):
        client("s3").create_bucket(Bucket=name)

    def topic(self, name):
        sns, sqs = client("sns"), client("sqs")
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        arn = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        queue_name = f"of-{name}"
        attributes = {"FifoQueue": "true"} if fifo else {}
        queue = sqs.create_queue(QueueName=queue_name, Attributes=attributes)["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
        self.queues[arn] = queue
        return arn

    def received(self, arn):
        sqs, queue, all_of_them = client("sqs"), self.queues[arn], []
        while True:
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
            if not found:
                return all_of_them
            for message in found:
                told = json.loads(message["Body"])
                all_of_them.append({"title": told.get("Subject"), "body": told["Message"]})
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def secret(self, name, content):
        made = client("secretsmanager")
        try:
            return made.create_secret(Name=name, SecretString=content)["ARN"]
        except made.exceptions.ResourceExistsException:
            return made.put_secret_value(SecretId=name, SecretString=content)["ARN"]

    def binary_secret(self, name, content):
        return client("secretsmanager").create_secret(Name=name, SecretBinary=bytes(content))["ARN"]

    def doomed_secret(self, name):
        arn = self.secret(name, "x")
        client("secretsmanager").delete_secret(SecretId=name)
        return arn

    def ran(self):
        taken = list(ran)
        ran.clear()
        return taken

    def cut_publications(self, times):
        cut["times"] = times

    def require_known_callers(self):
        upstream = http.client.HTTPConnection("127.0.0.1", MOTO)
        upstream.request("POST", "/moto-api/reset-auth", b"0")
        return upstream.getresponse().status


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    commands = Commands()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(commands, name)(*arguments)), flush=True)


main()
