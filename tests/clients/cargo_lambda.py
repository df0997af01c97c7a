"""What an account has before a deployment, and what is in it afterwards."""

import hashlib
import io
import json
import sys
import zipfile

import boto3

BUCKET = "code"
ROLE = "decision-agent"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def prepare(client):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)
    region = {"LocationConstraint": client("s3").meta.region_name}
    client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)
    return {}


def look(client, function):
    settings = client("lambda").get_function(FunctionName=function)["Configuration"]
    body = client("s3").get_object(Bucket=BUCKET, Key=function)["Body"].read()
    archive = zipfile.ZipFile(io.BytesIO(body))
    entries = {e.filename: hashlib.sha256(archive.read(e)).hexdigest() for e in archive.infolist()}
    modes = [oct(e.external_attr >> 16) for e in archive.infolist()]
    return {"settings": settings, "entries": entries, "modes": modes}


def main(url, *function):
    def client(service):
        return boto3.client(service, endpoint_url=url)

    print(json.dumps(look(client, *function) if function else prepare(client), default=str))


main(*sys.argv[1:])
