"""The least that a Lambda function in Python can be that makes the one call."""

import json
import os
import urllib.request

import boto3
import botocore.exceptions

ec2 = boto3.client("ec2")
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"

while True:
    with urllib.request.urlopen(api + "next") as request:
        event = json.load(request)
        request_id = request.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        ec2.send_diagnostic_interrupt(InstanceId=event["instanceIds"][0], DryRun=True)
        answer = "null"
    except botocore.exceptions.ClientError as error:  # a DryRun always fails
        answer = json.dumps(str(error))
    urllib.request.urlopen(api + request_id + "/response", answer.encode()).close()
